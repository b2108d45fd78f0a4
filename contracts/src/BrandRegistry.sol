// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBrandRegistry} from "./interfaces/IBrandRegistry.sol";
import {ITrustRegistry} from "./interfaces/ITrustRegistry.sol";
import {Gtin} from "./libraries/Gtin.sol";
import {HostName} from "./libraries/HostName.sol";
import {TrustBound} from "./TrustBound.sol";
import {Level, ListedKey, Roles, Scopes} from "./types/Access.sol";

/// @title BrandRegistry
/// @notice Prefixes, label keys, hosts and endpoints of brands.
contract BrandRegistry is IBrandRegistry, TrustBound {
    uint8 private constant SHORTEST_PREFIX = 4;
    uint8 private constant LONGEST_PREFIX = 12;
    uint256 private constant LONGEST_ENDPOINT = 512;

    /// @param registrar who has assigned it, and so answers for it
    struct Prefix {
        address brand;
        address registrar;
    }

    mapping(uint8 length => mapping(uint64 prefix => Prefix)) private _prefixes;
    /// @dev How many assigned prefixes begin with this one, so that an overlap is seen from above as well.
    mapping(uint8 length => mapping(uint64 prefix => uint256)) private _longerOnes;
    /// @dev Per brand: else whoever sees a key on its way could take it first.
    mapping(address brand => mapping(bytes32 x => mapping(bytes32 y => ListedKey))) private _labelKeys;
    mapping(address brand => mapping(bytes32 hostHash => bool)) private _hosts;
    mapping(address brand => string) private _endpoints;

    constructor(ITrustRegistry trust) TrustBound(trust) {}

    /// @inheritdoc IBrandRegistry
    function assignPrefix(address brand, uint64 prefix, uint8 length) external {
        address registrar = _accreditedCaller(Scopes.OPERATE, Roles.IDENTIFIER_REGISTRAR);
        _requireAccount(brand);
        if (!_isPrefix(prefix, length)) revert PrefixOutOfRange(prefix, length);
        _refuseOverlap(prefix, length);
        for (uint8 shorter = SHORTEST_PREFIX; shorter < length; ++shorter) {
            ++_longerOnes[shorter][_cut(prefix, length, shorter)];
        }
        _prefixes[length][prefix] = Prefix(brand, registrar);
        emit PrefixAssigned(brand, prefix, length);
    }

    /// @inheritdoc IBrandRegistry
    function withdrawPrefix(uint64 prefix, uint8 length) external {
        address by = _accreditedCaller(Scopes.OPERATE, Roles.IDENTIFIER_REGISTRAR);
        Prefix memory stored = _prefixes[length][prefix];
        if (stored.brand == address(0)) revert PrefixNotAssigned(prefix, length);
        if (by != stored.registrar && _trust.isActive(stored.registrar, Roles.IDENTIFIER_REGISTRAR, Level.Accredited)) {
            revert PrefixOfOther(prefix, length, stored.registrar);
        }
        for (uint8 shorter = SHORTEST_PREFIX; shorter < length; ++shorter) {
            --_longerOnes[shorter][_cut(prefix, length, shorter)];
        }
        delete _prefixes[length][prefix];
        emit PrefixWithdrawn(stored.brand, prefix, length);
    }

    /// @inheritdoc IBrandRegistry
    function listLabelKey(bytes32 x, bytes32 y, uint64 validFrom, uint64 validUntil) external {
        address brand = _accreditedCaller(Scopes.ADMIN, Roles.BRAND);
        if (validUntil <= validFrom) revert EmptyPeriod(validFrom, validUntil);
        ListedKey storage stored = _labelKeys[brand][x][y];
        if (stored.validUntil != 0) revert LabelKeyExists(brand, x, y);
        (stored.validFrom, stored.validUntil) = (validFrom, validUntil);
        emit LabelKeyListed(brand, x, y, validFrom, validUntil);
    }

    /// @inheritdoc IBrandRegistry
    function revokeLabelKey(bytes32 x, bytes32 y, uint64 since) external {
        address brand = _caller(Scopes.ADMIN);
        ListedKey storage stored = _labelKeys[brand][x][y];
        if (stored.validUntil == 0) revert LabelKeyUnknown(brand, x, y);
        if (since == 0 || since > block.timestamp) revert RevocationTimeNotValid(since, uint64(block.timestamp));
        uint64 standing = stored.revokedSince;
        if (standing != 0 && standing <= since) revert LabelKeyRevokedAlready(x, y, standing);
        stored.revokedSince = since;
        emit LabelKeyRevoked(brand, x, y, since);
    }

    /// @inheritdoc IBrandRegistry
    function listHost(string calldata host) external {
        address brand = _accreditedCaller(Scopes.ADMIN, Roles.BRAND);
        if (!HostName.isValid(host)) revert HostNotValid(host);
        bytes32 hostHash = keccak256(bytes(host));
        if (_hosts[brand][hostHash]) revert HostExists(brand, host);
        _hosts[brand][hostHash] = true;
        emit HostListed(brand, host);
    }

    /// @inheritdoc IBrandRegistry
    function delistHost(string calldata host) external {
        address brand = _caller(Scopes.ADMIN);
        bytes32 hostHash = keccak256(bytes(host));
        if (!_hosts[brand][hostHash]) revert HostUnknown(brand, host);
        _hosts[brand][hostHash] = false;
        emit HostDelisted(brand, host);
    }

    /// @inheritdoc IBrandRegistry
    function setEndpoint(string calldata url) external {
        address brand = _accreditedCaller(Scopes.ADMIN, Roles.BRAND);
        if (bytes(url).length > LONGEST_ENDPOINT) revert EndpointTooLong(bytes(url).length, LONGEST_ENDPOINT);
        _endpoints[brand] = url;
        emit EndpointSet(brand, url);
    }

    /// @inheritdoc IBrandRegistry
    function prefixOwner(uint64 prefix, uint8 length) external view returns (address) {
        return _prefixes[length][prefix].brand;
    }

    /// @inheritdoc IBrandRegistry
    function isWithin(address brand, uint64 gtin, uint8 length) public view returns (bool) {
        if (brand == address(0) || length < SHORTEST_PREFIX || length > LONGEST_PREFIX) return false;
        return _prefixes[length][Gtin.prefixOf(gtin, length)].brand == brand;
    }

    /// @inheritdoc IBrandRegistry
    function requireProduct(address brand, uint64 gtin, uint8 length) external view {
        if (!Gtin.isValid(gtin)) revert GtinNotValid(gtin);
        if (!isWithin(brand, gtin, length)) revert OutsidePrefixes(brand, gtin, length);
    }

    /// @inheritdoc IBrandRegistry
    function labelKey(address brand, bytes32 x, bytes32 y) external view returns (ListedKey memory) {
        return _labelKeys[brand][x][y];
    }

    /// @inheritdoc IBrandRegistry
    function isHost(address brand, string calldata host) external view returns (bool) {
        return _hosts[brand][keccak256(bytes(host))];
    }

    /// @inheritdoc IBrandRegistry
    function endpoint(address brand) external view returns (string memory) {
        return _endpoints[brand];
    }

    function _refuseOverlap(uint64 prefix, uint8 length) private view {
        for (uint8 shorter = SHORTEST_PREFIX; shorter <= length; ++shorter) {
            uint64 cut = _cut(prefix, length, shorter);
            address owner = _prefixes[shorter][cut].brand;
            if (owner != address(0)) revert PrefixTaken(cut, shorter, owner);
        }
        uint256 longer = _longerOnes[length][prefix];
        if (longer != 0) revert PrefixCoversOthers(prefix, length, longer);
    }

    function _isPrefix(uint64 prefix, uint8 length) private pure returns (bool) {
        return length >= SHORTEST_PREFIX && length <= LONGEST_PREFIX && prefix < 10 ** length;
    }

    /// @dev The first `shorter` digits of a prefix of `length` digits.
    function _cut(uint64 prefix, uint8 length, uint8 shorter) private pure returns (uint64) {
        return prefix / uint64(10 ** (length - shorter));
    }
}
