// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITrustRegistry} from "../interfaces/ITrustRegistry.sol";
import {ListedKey, Scopes} from "../types/Access.sol";
import {AccountKeys} from "./AccountKeys.sol";

/// @title CredentialKeys
/// @notice P-256 keys with which accounts sign credentials.
abstract contract CredentialKeys is AccountKeys {
    mapping(address account => mapping(bytes32 x => mapping(bytes32 y => ListedKey))) private _credentialKeys;

    /// @inheritdoc ITrustRegistry
    function listCredentialKey(bytes32 x, bytes32 y, uint64 validFrom, uint64 validUntil) external {
        address account = _callerAccount(Scopes.ADMIN);
        if (validUntil <= validFrom) revert EmptyPeriod(validFrom, validUntil);
        ListedKey storage stored = _credentialKeys[account][x][y];
        if (stored.validUntil != 0) revert CredentialKeyExists(account, x, y);
        (stored.validFrom, stored.validUntil) = (validFrom, validUntil);
        emit CredentialKeyListed(account, x, y, validFrom, validUntil);
    }

    /// @inheritdoc ITrustRegistry
    function revokeCredentialKey(bytes32 x, bytes32 y) external {
        address account = _callerAccount(Scopes.ADMIN);
        ListedKey storage stored = _credentialKeys[account][x][y];
        if (stored.validUntil == 0 || stored.revokedSince != 0) revert CredentialKeyUnknown(account, x, y);
        stored.revokedSince = uint64(block.timestamp);
        emit CredentialKeyRevoked(account, x, y, stored.revokedSince);
    }

    /// @inheritdoc ITrustRegistry
    function credentialKey(address account, bytes32 x, bytes32 y) external view returns (ListedKey memory) {
        return _credentialKeys[account][x][y];
    }
}
