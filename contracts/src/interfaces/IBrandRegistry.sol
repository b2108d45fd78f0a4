// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccountErrors} from "./IAccountErrors.sol";
import {ListedKey} from "../types/Access.sol";

/// @title What belongs to a brand
/// @notice GS1 company prefixes (written by an identifier registrar, never by the brand), label keys, resolver hosts
/// and the endpoint of its node.
interface IBrandRegistry is IAccountErrors {
    /// @notice GTINs below `prefix`, read as `length` digits, are `brand`'s.
    event PrefixAssigned(address indexed brand, uint64 prefix, uint8 length);

    /// @notice `prefix` is nobody's again.
    event PrefixWithdrawn(address indexed brand, uint64 prefix, uint8 length);

    /// @notice `brand` signs labels with the P-256 key (`x`, `y`) in this period.
    event LabelKeyListed(
        address indexed brand, bytes32 indexed x, bytes32 indexed y, uint64 validFrom, uint64 validUntil
    );

    /// @notice Labels that (`x`, `y`) signed from `since` on do not count.
    event LabelKeyRevoked(address indexed brand, bytes32 indexed x, bytes32 indexed y, uint64 since);

    /// @notice Links of `brand`'s labels may point to `host`.
    event HostListed(address indexed brand, string host);

    /// @notice Links of `brand`'s labels no longer point to `host`.
    event HostDelisted(address indexed brand, string host);

    /// @notice `brand`'s node answers at `url`.
    event EndpointSet(address indexed brand, string url);

    /// @notice A prefix has 4 to 12 digits, and `prefix` must fit `length` of them.
    error PrefixOutOfRange(uint64 prefix, uint8 length);

    /// @notice `prefix`, which is the wanted one or a shorter one that covers it, is `owner`'s.
    error PrefixTaken(uint64 prefix, uint8 length, address owner);

    /// @notice `count` longer prefixes below the wanted one are assigned.
    error PrefixCoversOthers(uint64 prefix, uint8 length, uint256 count);

    /// @notice Nobody holds this prefix.
    error PrefixNotAssigned(uint64 prefix, uint8 length);

    /// @notice `registrar` has assigned this prefix and is still accredited: nobody else takes it back.
    error PrefixOfOther(uint64 prefix, uint8 length, address registrar);

    /// @notice (`x`, `y`) is or was `brand`'s label key; a brand lists a key once.
    error LabelKeyExists(address brand, bytes32 x, bytes32 y);

    /// @notice (`x`, `y`) is not `brand`'s label key.
    error LabelKeyUnknown(address brand, bytes32 x, bytes32 y);

    /// @notice (`x`, `y`) is revoked since `since` already; a revocation only moves to an earlier time.
    error LabelKeyRevokedAlready(bytes32 x, bytes32 y, uint64 since);

    /// @notice `since` lies in the future (or is 0).
    error RevocationTimeNotValid(uint64 since, uint64 latest);

    /// @notice `host` is not a lower-case host name with an optional port, 1 to 253 characters.
    error HostNotValid(string host);

    /// @notice `brand` has listed `host` already.
    error HostExists(address brand, string host);

    /// @notice `brand` has not listed `host`.
    error HostUnknown(address brand, string host);

    /// @notice The endpoint has more than 512 bytes.
    error EndpointTooLong(uint256 length, uint256 most);

    /// @notice `gtin` is not a GTIN-14 with a right check digit.
    error GtinNotValid(uint64 gtin);

    /// @notice The first `prefixLength` digits of `gtin` are not a prefix of `brand`.
    error OutsidePrefixes(address brand, uint64 gtin, uint8 prefixLength);

    /// @notice Gives `prefix` of `length` digits to `brand`. Identifier registrars only (OPERATE). Leading zeros count:
    /// 0061414 is prefix 61414 of length 7.
    function assignPrefix(address brand, uint64 prefix, uint8 length) external;

    /// @notice Takes a prefix back (OPERATE). The identifier registrar that assigned it; any other only when that one is
    /// not accredited any more. What was opened under it stays, but nothing more is commissioned there.
    function withdrawPrefix(uint64 prefix, uint8 length) external;

    /// @notice Lists a P-256 key for labels, best before it is used. Whether the point lies on the curve, and whether the
    /// brand holds the key, is not checked: who lists a key of another can sign nothing with it, and keeps nobody from
    /// listing it too. Accredited brands only (ADMIN).
    function listLabelKey(bytes32 x, bytes32 y, uint64 validFrom, uint64 validUntil) external;

    /// @notice Revokes a label key from `since` on (seconds since 1970, not in the future). The brand that listed it,
    /// whatever its roles (ADMIN).
    function revokeLabelKey(bytes32 x, bytes32 y, uint64 since) external;

    /// @notice Lists a host of the brand's links. Accredited brands only (ADMIN).
    function listHost(string calldata host) external;

    /// @notice Removes a host; whatever the brand's roles (ADMIN).
    function delistHost(string calldata host) external;

    /// @notice Names the brand's node; empty removes it. Up to 512 bytes, not checked further: readers must treat it as
    /// they treat any input. Accredited brands only (ADMIN).
    function setEndpoint(string calldata url) external;

    /// @notice The account that holds `prefix` of `length` digits; zero when nobody does.
    function prefixOwner(uint64 prefix, uint8 length) external view returns (address);

    /// @notice Whether `gtin` (GTIN-14 as a number) lies in the prefix that its first `length` digits form (the
    /// indicator digit does not count), and that prefix is `brand`'s.
    function isWithin(address brand, uint64 gtin, uint8 length) external view returns (bool);

    /// @notice Reverts unless `gtin` is a GTIN-14 ({GtinNotValid}) that {isWithin} `brand`'s prefix ({OutsidePrefixes}).
    function requireProduct(address brand, uint64 gtin, uint8 length) external view;

    /// @notice A label key of `brand`; zeros when it has not listed it.
    function labelKey(address brand, bytes32 x, bytes32 y) external view returns (ListedKey memory);

    /// @notice Whether `brand` has listed `host`.
    function isHost(address brand, string calldata host) external view returns (bool);

    /// @notice Where `brand`'s node answers; empty when it has not said.
    function endpoint(address brand) external view returns (string memory);
}
