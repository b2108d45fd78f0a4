// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccountErrors} from "./IAccountErrors.sol";
import {IRunErrors} from "./IRunErrors.sol";
import {Handover, Receipt} from "../types/Custody.sol";

/// @title Custody from hand to hand
/// @notice The giver signs a handover, the receiver a receipt for all or fewer of its items; anyone may carry both
/// here. What the receipt leaves out stays with the giver and is a recorded discrepancy.
interface IHandovers is IAccountErrors, IRunErrors {
    /// @notice `itemsTaken` of `itemsHanded` items went from `from` to `to`.
    event HandedOver(
        bytes32 indexed handover,
        address indexed from,
        address indexed to,
        uint256 itemsHanded,
        uint256 itemsTaken,
        uint8 purpose,
        uint64 eventTime,
        bytes32 document
    );

    /// @notice `missing` items of the handover were not taken over.
    event DiscrepancyRecorded(
        bytes32 indexed handover, address from, address to, uint256 missing, bytes32 exceptions
    );

    /// @notice `account` will sign no handover with `nonce`, and one that it has signed is void.
    event NonceCancelled(address indexed account, uint256 nonce);

    /// @notice A handover from `account` to itself.
    error HandoverToSelf(address account);

    /// @notice `account` has no active role (introduced or higher): nobody answers for it.
    error ReceiverNotIntroduced(address account);

    /// @notice `signer` is no CUSTODY key of `account` now.
    error SignerNotAllowed(address account, address signer);

    /// @notice The nonce was used or cancelled.
    error NonceUsed(address account, uint256 nonce);

    /// @notice The deadline of a handover or receipt has passed.
    error DeadlinePassed(uint64 deadline, uint64 time);

    /// @notice The deadline lies further ahead than `latest`.
    error DeadlineTooFar(uint64 deadline, uint64 latest);

    /// @notice The receipt names another handover.
    error ReceiptForOther(bytes32 named, bytes32 handover);

    /// @notice A handover or receipt has 1 to `most` runs.
    error RunCountOutOfRange(uint256 count, uint256 most);

    /// @notice Line `position` does not lie wholly after the one before.
    error RunsNotAscending(uint256 position);

    /// @notice This line of the receipt does not lie inside a line of the handover.
    error RunOutsideHandover(uint256 first, uint256 last);

    /// @notice Logistic units cannot be handed over yet.
    error UnitsUnavailable(uint256 count);

    /// @notice `purpose` is no number of {Purpose}.
    error PurposeUnknown(uint8 purpose);

    /// @notice `basis` is no number of {Basis}.
    error BasisUnknown(uint8 basis);

    /// @notice Carries out what both sides signed. Anyone may call; each pair of signatures acts once.
    /// @param handover signed by a CUSTODY key of `handover.from`, which needs no role: stock can always leave
    /// @param receipt signed by a CUSTODY key of `handover.to`, which needs a role
    function handOver(
        Handover calldata handover,
        bytes calldata giverSignature,
        Receipt calldata receipt,
        bytes calldata receiverSignature
    ) external;

    /// @notice Voids `nonce` for the caller's account (CUSTODY).
    function cancelNonce(uint256 nonce) external;

    /// @notice Whether `nonce` of `account` was used or cancelled.
    function nonceUsed(address account, uint256 nonce) external view returns (bool);

    /// @notice EIP-712 hashStruct of a handover (without the domain): what a receipt names.
    function handoverHash(Handover calldata handover) external pure returns (bytes32);

    /// @notice EIP-712 hashStruct of a receipt (without the domain).
    function receiptHash(Receipt calldata receipt) external pure returns (bytes32);
}
