// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Relayed} from "./Relayed.sol";
import {CredentialKeys} from "./trust/CredentialKeys.sol";
import {CustodyChecks} from "./trust/CustodyChecks.sol";
import {Recovery} from "./trust/Recovery.sol";
import {Level, RoleEntry, Roles} from "./types/Access.sol";

/// @title TrustRegistry
/// @notice Accounts, keys and roles; every other contract asks here who its caller is. The deploying key keeps nothing.
contract TrustRegistry is CredentialKeys, Recovery, CustodyChecks {
    /// @param governor becomes an account and holds the governor's role for ever
    /// @param forwarder_ the one ERC-2771 forwarder that all contracts trust; zero: none
    constructor(address governor, address forwarder_) EIP712("Countermark", "1") Relayed(forwarder_) {
        _register(governor);
        _writeEntry(governor, Roles.GOVERNOR, RoleEntry(Level.Accredited, 0, FOR_EVER, 0, governor));
    }
}
