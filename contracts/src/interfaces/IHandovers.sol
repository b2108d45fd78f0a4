// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccountErrors} from "./IAccountErrors.sol";
import {IRunErrors} from "./IRunErrors.sol";
import {Handover, OfferState, Receipt, RunLine} from "../types/Custody.sol";

/// @title Custody from hand to hand
/// @notice The giver signs a handover, the receiver a receipt for all or fewer of its items and units; anyone may carry
/// both here. Or the giver offers and the receiver accepts, each by a transaction of its own. What the receipt leaves out
/// stays with the giver and is a recorded discrepancy. While paused, goods go to a giver's successor only.
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

    /// @notice `unitsTaken` of `unitsHanded` logistic units of the handover went over, with all that is in them.
    event UnitsHandedOver(bytes32 indexed handover, uint256 unitsHanded, uint256 unitsTaken);

    /// @notice `unit` of the handover was not taken over.
    event UnitMissing(bytes32 indexed handover, uint256 indexed unit);

    /// @notice Something of the handover was not taken over: `missing` single items, or units (see {UnitMissing}).
    event DiscrepancyRecorded(
        bytes32 indexed handover, address from, address to, uint256 missing, bytes32 exceptions
    );

    /// @notice `account` will sign no handover with `nonce`, and one that it has signed is void.
    event NonceCancelled(address indexed account, uint256 nonce);

    /// @notice `from` offers `to` what `terms` say, until their deadline.
    event Offered(bytes32 indexed handover, address indexed from, address indexed to, Handover terms);

    /// @notice The giver has withdrawn its offer; `by` is whose key did it.
    event OfferWithdrawn(bytes32 indexed handover, address indexed by);

    /// @notice `account` has put items `first` to `last` on sale to consumers.
    event ReleasedToSale(address indexed account, uint256 indexed first, uint256 last);

    /// @notice `account` gave items `first` to `last` to a party that is not on the network.
    /// @param reason salted hash of to whom and why
    event ReleasedOffNetwork(address indexed account, uint256 indexed first, uint256 last, bytes32 reason);

    /// @notice `account` says that somebody tried to pass on items of which `flag` is said.
    event AttemptReported(address indexed account, uint256 indexed first, uint256 last, uint8 flag);

    /// @notice A handover from `account` to itself.
    error HandoverToSelf(address account);

    /// @notice The nonce was used or cancelled.
    error NonceUsed(address account, uint256 nonce);

    /// @notice The deadline of a handover or receipt has passed.
    error DeadlinePassed(uint64 deadline, uint64 time);

    /// @notice The deadline lies further ahead than `latest`.
    error DeadlineTooFar(uint64 deadline, uint64 latest);

    /// @notice The receipt names another handover.
    error ReceiptForOther(bytes32 named, bytes32 handover);

    /// @notice A handover, receipt or release has 1 to `most` lines, runs and units together.
    error RunCountOutOfRange(uint256 count, uint256 most);

    /// @notice Line `position` does not lie wholly after the one before.
    error RunsNotAscending(uint256 position);

    /// @notice This line of the receipt does not lie inside a line of the handover.
    error RunOutsideHandover(uint256 first, uint256 last);

    /// @notice The unit of line `position` does not have a higher id than the one before.
    error UnitsNotAscending(uint256 position);

    /// @notice This unit, in this state, is not in the handover.
    error UnitOutsideHandover(uint256 unit, uint64 version, bytes32 contents);

    /// @notice The offer does not stand: it was never made, or was withdrawn or accepted.
    error OfferNotOpen(bytes32 handover, OfferState state);

    /// @notice The offer is to `to`, not to `account`.
    error OfferForOther(address account, address to);

    /// @notice Nothing is wrong with items `first` to `last`: they may be sold.
    error NotLocked(uint256 first, uint256 last);

    /// @notice `account` has no active role (introduced or higher).
    error ReporterNotActive(address account);

    /// @notice `account` has reported `most` attempts this UTC day.
    error AttemptsUsed(address account, uint256 most);

    /// @notice `purpose` is no number of {Purpose}.
    error PurposeUnknown(uint8 purpose);

    /// @notice `basis` is no number of {Basis}.
    error BasisUnknown(uint8 basis);

    /// @notice Carries out what both sides signed. Anyone may call; each pair of signatures acts once.
    /// @param handover signed by a CUSTODY key of `handover.from` or of its successor; neither needs a role: stock can
    /// always leave
    /// @param receipt signed by a CUSTODY key of `handover.to`, which needs a role
    function handOver(
        Handover calldata handover,
        bytes calldata giverSignature,
        Receipt calldata receipt,
        bytes calldata receiverSignature
    ) external;

    /// @notice Offers goods on chain. A CUSTODY key of `handover.from` or of its successor; uses up the nonce.
    /// @return hash what {accept} and {withdraw} name
    function offer(Handover calldata handover) external returns (bytes32 hash);

    /// @notice Takes all or fewer lines of an offer; the rest stays with the giver. A CUSTODY key of `handover.to`. The key
    /// that offered must still be one that may give for `handover.from`, as if it had signed: what a key offered that was
    /// revoked, or died in a recovery, is void ({SignerNotAllowed}).
    function accept(Handover calldata handover, Receipt calldata receipt) external;

    /// @notice Withdraws an offer that was not accepted. A CUSTODY key of its giver or of the giver's successor.
    function withdraw(bytes32 handover) external;

    /// @notice Puts 1 to 16 runs on sale, so that consumers can claim them. Who holds all of them (CUSTODY).
    function releaseToSale(RunLine[] calldata runs) external;

    /// @notice Records that 1 to 16 runs went to a party without a wallet: nobody can sign for them any more. Who holds all
    /// of them (CUSTODY).
    /// @param reason salted hash of to whom and why
    function releaseOffNetwork(RunLine[] calldata runs, bytes32 reason) external;

    /// @notice Raises a public alert: somebody tried to pass on items that are locked. A transaction that fails leaves no
    /// trace by itself. Accounts with an active role (SCAN), some a day.
    function reportAttempt(uint256 first, uint256 last) external;

    /// @notice Voids `nonce` for the caller's account (CUSTODY).
    function cancelNonce(uint256 nonce) external;

    /// @notice Whether `nonce` of `account` was used or cancelled.
    function nonceUsed(address account, uint256 nonce) external view returns (bool);

    /// @notice Who made the offer with this hash, and where it stands.
    function offerInfo(bytes32 handover) external view returns (address from, OfferState state);

    /// @notice The address that has in hand what left the network; no key leads to it.
    function offNetwork() external pure returns (address);

    /// @notice EIP-712 hashStruct of a handover (without the domain): what a receipt names.
    function handoverHash(Handover calldata handover) external pure returns (bytes32);

    /// @notice EIP-712 hashStruct of a receipt (without the domain).
    function receiptHash(Receipt calldata receipt) external pure returns (bytes32);
}
