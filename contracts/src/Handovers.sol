// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IAlertRegister} from "./interfaces/IAlertRegister.sol";
import {IHandovers} from "./interfaces/IHandovers.sol";
import {IItemStatus} from "./interfaces/IItemStatus.sol";
import {ILogisticUnits} from "./interfaces/ILogisticUnits.sol";
import {IProductToken} from "./interfaces/IProductToken.sol";
import {ITrustRegistry} from "./interfaces/ITrustRegistry.sol";
import {Adoption} from "./libraries/Adoption.sol";
import {CustodyHash} from "./libraries/CustodyHash.sol";
import {CustodyLines} from "./libraries/CustodyLines.sol";
import {TrustBound} from "./TrustBound.sol";
import {Scopes} from "./types/Access.sol";
import {Basis, Handover, OfferState, Purpose, Receipt, RunLine, UnitLine} from "./types/Custody.sol";
import {Flag} from "./types/Status.sol";

/// @title Handovers
/// @notice Items and units change hands here when both sides have signed, or one has offered and the other accepted.
contract Handovers is IHandovers, TrustBound, EIP712 {
    using CustodyHash for Handover;
    using CustodyHash for Receipt;
    using CustodyLines for RunLine[];
    using CustodyLines for UnitLine[];

    uint256 private constant MOST_LINES = 32;
    /// @dev A release writes flags besides holders, each in fresh words at worst.
    uint256 private constant MOST_RELEASES = 16;
    uint64 private constant LONGEST_DEADLINE = 30 days;
    uint64 private constant MOST_ATTEMPTS = 50;
    bytes32 private constant DISCREPANCY = "discrepancy";
    bytes32 private constant LOCKED_GOODS = "locked-goods";
    address private constant OFF_NETWORK = address(uint160(uint256(keccak256("countermark/off-network"))));

    /// @param key which offered: an offer stands while that may give, as a signature does
    struct Offer {
        address from;
        OfferState state;
        address key;
    }

    struct DayCount {
        uint64 day;
        uint64 reported;
    }

    IProductToken private immutable _token;
    IItemStatus private immutable _status;
    ILogisticUnits private immutable _units;
    IAlertRegister private immutable _alerts;

    /// @dev 256 nonces a word, in any order.
    mapping(address account => mapping(uint256 word => uint256)) private _usedNonces;
    mapping(bytes32 handover => Offer) private _offers;
    mapping(address account => DayCount) private _attempts;

    constructor(
        ITrustRegistry trust,
        IProductToken token,
        IItemStatus status,
        ILogisticUnits units,
        IAlertRegister alerts
    ) TrustBound(trust) EIP712("Countermark", "1") {
        (_token, _status, _units, _alerts) = (token, status, units, alerts);
    }

    /// @inheritdoc IHandovers
    /// @dev (1) both papers are well formed and timely, (2) the receipt is for this handover, (3) both sides signed and
    /// the receiver may take on, (4) the nonce acts once, (5) a shortage concerns goods that the giver holds,
    /// (6) what was taken may move for this purpose, and moves.
    function handOver(
        Handover calldata handover,
        bytes calldata giverSignature,
        Receipt calldata receipt,
        bytes calldata receiverSignature
    ) external {
        bytes32 hash = _checkPapers(handover, receipt);
        address giver = _signerOf(hash, giverSignature);
        address receiver = _signerOf(receipt.structHash(), receiverSignature);
        _trust.requireHandover(handover.from, giver, handover.to, receiver);
        _useNonce(handover.from, handover.nonce);
        _settle(handover, receipt, hash);
    }

    /// @inheritdoc IHandovers
    function offer(Handover calldata handover) external returns (bytes32 hash) {
        _trust.requireRunningBetween(handover.from, handover.to);
        _checkHandover(handover);
        _countItems(handover.runs, handover.units);
        hash = handover.structHash();
        address key = _sender();
        _requireGiver(handover.from, key);
        _useNonce(handover.from, handover.nonce);
        _offers[hash] = Offer(handover.from, OfferState.Open, key);
        emit Offered(hash, handover.from, handover.to, handover);
    }

    /// @inheritdoc IHandovers
    function accept(Handover calldata handover, Receipt calldata receipt) external {
        bytes32 hash = _checkPapers(handover, receipt);
        address account = _caller(Scopes.CUSTODY);
        if (account != handover.to) revert OfferForOther(account, handover.to);
        _trust.requireTaking(handover.from, account);
        _closeOffer(hash, OfferState.Accepted);
        _requireGiver(handover.from, _offers[hash].key);
        _settle(handover, receipt, hash);
    }

    /// @inheritdoc IHandovers
    function withdraw(bytes32 handover) external {
        _closeOffer(handover, OfferState.Withdrawn);
        address key = _sender();
        _requireGiver(_offers[handover].from, key);
        emit OfferWithdrawn(handover, key);
    }

    /// @inheritdoc IHandovers
    function releaseToSale(RunLine[] calldata runs) external {
        address account = _callingHolder(runs);
        for (uint256 i = 0; i < runs.length; ++i) {
            (uint256 first, uint256 last) = (runs[i].first, runs[i].last);
            _status.requireMovable(first, last, uint8(Purpose.Sale));
            _status.setReleased(account, first, last);
            emit ReleasedToSale(account, first, last);
        }
    }

    /// @inheritdoc IHandovers
    function releaseOffNetwork(RunLine[] calldata runs, bytes32 reason) external {
        address account = _callingHolder(runs);
        uint256 adopted = 0;
        for (uint256 i = 0; i < runs.length; ++i) {
            (uint256 first, uint256 last) = (runs[i].first, runs[i].last);
            _status.requireMovable(first, last, uint8(Purpose.Sale));
            _status.setOffNetwork(account, first, last, reason);
            adopted = Adoption.count(adopted, _token.move(first, last, account, OFF_NETWORK, reason));
            emit ReleasedOffNetwork(account, first, last, reason);
        }
    }

    /// @inheritdoc IHandovers
    function reportAttempt(uint256 first, uint256 last) external {
        address account = _caller(Scopes.SCAN);
        if (!_trust.mayTakeOn(account)) revert ReporterNotActive(account);
        Flag flag = _status.lockOf(first, last, uint8(Purpose.Sale));
        if (flag == Flag.None) revert NotLocked(first, last);
        _countAttempt(account);
        emit AttemptReported(account, first, last, uint8(flag));
        _alerts.raisePublic(LOCKED_GOODS, bytes32(first), account);
    }

    /// @inheritdoc IHandovers
    function cancelNonce(uint256 nonce) external {
        address account = _caller(Scopes.CUSTODY);
        _useNonce(account, nonce);
        emit NonceCancelled(account, nonce);
    }

    /// @inheritdoc IHandovers
    function nonceUsed(address account, uint256 nonce) external view returns (bool) {
        return _usedNonces[account][nonce >> 8] & (1 << (nonce & 255)) != 0;
    }

    /// @inheritdoc IHandovers
    function offerInfo(bytes32 handover) external view returns (address from, OfferState state) {
        Offer storage stored = _offers[handover];
        return (stored.from, stored.state);
    }

    /// @inheritdoc IHandovers
    function offNetwork() external pure returns (address) {
        return OFF_NETWORK;
    }

    /// @inheritdoc IHandovers
    function handoverHash(Handover calldata handover) external pure returns (bytes32) {
        return handover.structHash();
    }

    /// @inheritdoc IHandovers
    function receiptHash(Receipt calldata receipt) external pure returns (bytes32) {
        return receipt.structHash();
    }

    function _settle(Handover calldata handover, Receipt calldata receipt, bytes32 hash) private {
        uint256 handed = _countItems(handover.runs, handover.units);
        uint256 taken = _countItems(receipt.runs, receipt.units);
        receipt.runs.requireInside(handover.runs);
        receipt.units.requireAmong(handover.units);
        if (taken != handed || receipt.units.length != handover.units.length) {
            _recordDiscrepancy(handover, receipt, hash, handed - taken);
        }
        _moveRuns(handover, receipt.runs, hash);
        _moveUnits(handover, receipt.units, hash);
        _emitHandedOver(handover, hash, handed, taken);
    }

    function _moveRuns(Handover calldata handover, RunLine[] calldata runs, bytes32 hash) private {
        uint256 adopted = 0;
        for (uint256 i = 0; i < runs.length; ++i) {
            _status.requireMovableTo(runs[i].first, runs[i].last, handover.purpose, handover.to);
            bool isNew = _token.move(runs[i].first, runs[i].last, handover.from, handover.to, hash);
            adopted = Adoption.count(adopted, isNew);
        }
    }

    function _moveUnits(Handover calldata handover, UnitLine[] calldata lines, bytes32 hash) private {
        for (uint256 i = 0; i < lines.length; ++i) {
            UnitLine calldata line = lines[i];
            _units.moveUnit(
                line.unit, line.version, line.contents, handover.from, handover.to, handover.purpose, hash
            );
        }
        if (handover.units.length != 0) emit UnitsHandedOver(hash, handover.units.length, lines.length);
    }

    function _emitHandedOver(Handover calldata handover, bytes32 hash, uint256 handed, uint256 taken) private {
        emit HandedOver(
            hash,
            handover.from,
            handover.to,
            handed,
            taken,
            handover.purpose,
            handover.eventTime,
            handover.document
        );
    }

    /// @dev Before anything moves: a giver cannot have goods recorded as missing that it never held.
    function _recordDiscrepancy(
        Handover calldata handover,
        Receipt calldata receipt,
        bytes32 hash,
        uint256 missing
    ) private {
        _requireHeld(handover.runs, handover.from);
        _recordMissingUnits(handover, receipt.units, hash);
        emit DiscrepancyRecorded(hash, handover.from, handover.to, missing, receipt.exceptions);
        _alerts.raisePublic(DISCREPANCY, hash, handover.to);
    }

    function _recordMissingUnits(Handover calldata handover, UnitLine[] calldata taken, bytes32 hash) private {
        uint256 next = 0;
        for (uint256 i = 0; i < handover.units.length; ++i) {
            uint256 unit = handover.units[i].unit;
            _units.requireHeld(unit, handover.from);
            if (next < taken.length && taken[next].unit == unit) ++next;
            else emit UnitMissing(hash, unit);
        }
    }

    function _closeOffer(bytes32 hash, OfferState state) private {
        Offer storage stored = _offers[hash];
        if (stored.state != OfferState.Open) revert OfferNotOpen(hash, stored.state);
        stored.state = state;
    }

    function _useNonce(address account, uint256 nonce) private {
        uint256 bit = 1 << (nonce & 255);
        uint256 used = _usedNonces[account][nonce >> 8];
        if (used & bit != 0) revert NonceUsed(account, nonce);
        _usedNonces[account][nonce >> 8] = used | bit;
    }

    function _countAttempt(address account) private {
        uint64 today = uint64(block.timestamp / 1 days);
        DayCount memory count = _attempts[account];
        uint64 reported = count.day == today ? count.reported : 0;
        if (reported >= MOST_ATTEMPTS) revert AttemptsUsed(account, MOST_ATTEMPTS);
        _attempts[account] = DayCount(today, reported + 1);
    }

    /// @dev The caller's account, which holds everything in `runs`.
    function _callingHolder(RunLine[] calldata runs) private view returns (address account) {
        account = _runningCaller(Scopes.CUSTODY);
        CustodyLines.requireCount(runs.length, MOST_RELEASES);
        runs.countItems();
        _requireHeld(runs, account);
    }

    function _requireHeld(RunLine[] calldata runs, address account) private view {
        for (uint256 i = 0; i < runs.length; ++i) {
            _token.requireHeld(runs[i].first, runs[i].last, account);
        }
    }

    function _requireGiver(address account, address key) private view {
        if (!_trust.mayGiveFor(account, key)) revert SignerNotAllowed(account, key);
    }

    function _signerOf(bytes32 structHash, bytes calldata signature) private view returns (address) {
        return ECDSA.recover(_hashTypedDataV4(structHash), signature);
    }

    function _checkPapers(Handover calldata handover, Receipt calldata receipt) private view returns (bytes32 hash) {
        _checkHandover(handover);
        _checkDeadline(receipt.deadline);
        hash = handover.structHash();
        if (receipt.handover != hash) revert ReceiptForOther(receipt.handover, hash);
    }

    function _checkHandover(Handover calldata handover) private view {
        if (handover.from == handover.to) revert HandoverToSelf(handover.from);
        if (handover.purpose > uint8(type(Purpose).max)) revert PurposeUnknown(handover.purpose);
        if (handover.basis > uint8(type(Basis).max)) revert BasisUnknown(handover.basis);
        _checkDeadline(handover.deadline);
    }

    function _checkDeadline(uint64 deadline) private view {
        uint64 time = uint64(block.timestamp);
        if (deadline < time) revert DeadlinePassed(deadline, time);
        if (deadline > time + LONGEST_DEADLINE) revert DeadlineTooFar(deadline, time + LONGEST_DEADLINE);
    }

    /// @dev The items in `runs`. Reverts unless there are 1 to 32 lines, well formed and in order.
    function _countItems(RunLine[] calldata runs, UnitLine[] calldata units) private pure returns (uint256) {
        CustodyLines.requireCount(runs.length + units.length, MOST_LINES);
        units.requireAscending();
        return runs.countItems();
    }
}
