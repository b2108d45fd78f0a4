// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IAlertRegister} from "./interfaces/IAlertRegister.sol";
import {IHandovers} from "./interfaces/IHandovers.sol";
import {IProductToken} from "./interfaces/IProductToken.sol";
import {ITrustRegistry} from "./interfaces/ITrustRegistry.sol";
import {CustodyHash} from "./libraries/CustodyHash.sol";
import {CustodyLines} from "./libraries/CustodyLines.sol";
import {TrustBound} from "./TrustBound.sol";
import {Scopes} from "./types/Access.sol";
import {Basis, Handover, Purpose, Receipt, RunLine} from "./types/Custody.sol";

/// @title Handovers
/// @notice The only module that moves items, and only when both sides have signed.
contract Handovers is IHandovers, TrustBound, EIP712 {
    using CustodyHash for Handover;
    using CustodyHash for Receipt;
    using CustodyLines for RunLine[];

    uint64 private constant LONGEST_DEADLINE = 30 days;
    bytes32 private constant DISCREPANCY = "discrepancy";

    IProductToken private immutable _token;
    IAlertRegister private immutable _alerts;

    /// @dev 256 nonces a word, in any order.
    mapping(address account => mapping(uint256 word => uint256)) private _usedNonces;

    constructor(ITrustRegistry trust, IProductToken token, IAlertRegister alerts)
        TrustBound(trust)
        EIP712("Countermark", "1")
    {
        (_token, _alerts) = (token, alerts);
    }

    /// @inheritdoc IHandovers
    /// @dev (1) both papers are well formed and timely, (2) the receipt is for this handover, (3) both sides signed,
    /// (4) the receiver may take on, (5) the nonce acts once, (6) a shortage concerns goods that the giver holds,
    /// (7) what was taken moves.
    function handOver(
        Handover calldata handover,
        bytes calldata giverSignature,
        Receipt calldata receipt,
        bytes calldata receiverSignature
    ) external {
        _checkPapers(handover, receipt);
        bytes32 hash = handover.structHash();
        if (receipt.handover != hash) revert ReceiptForOther(receipt.handover, hash);
        _checkSignature(handover.from, hash, giverSignature);
        _checkSignature(handover.to, receipt.structHash(), receiverSignature);
        if (!_trust.mayTakeOn(handover.to)) revert ReceiverNotIntroduced(handover.to);
        _useNonce(handover.from, handover.nonce);
        _settle(handover, receipt, hash);
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
    function handoverHash(Handover calldata handover) external pure returns (bytes32) {
        return handover.structHash();
    }

    /// @inheritdoc IHandovers
    function receiptHash(Receipt calldata receipt) external pure returns (bytes32) {
        return receipt.structHash();
    }

    function _settle(Handover calldata handover, Receipt calldata receipt, bytes32 hash) private {
        uint256 handed = handover.runs.countItems();
        uint256 taken = receipt.runs.countItems();
        receipt.runs.requireInside(handover.runs);
        if (taken != handed) _recordDiscrepancy(handover, hash, handed - taken, receipt.exceptions);
        for (uint256 i = 0; i < receipt.runs.length; ++i) {
            _token.move(receipt.runs[i].first, receipt.runs[i].last, handover.from, handover.to, hash);
        }
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
    function _recordDiscrepancy(Handover calldata handover, bytes32 hash, uint256 missing, bytes32 exceptions) private {
        for (uint256 i = 0; i < handover.runs.length; ++i) {
            _token.requireHeld(handover.runs[i].first, handover.runs[i].last, handover.from);
        }
        emit DiscrepancyRecorded(hash, handover.from, handover.to, missing, exceptions);
        _alerts.raisePublic(DISCREPANCY, hash);
    }

    function _useNonce(address account, uint256 nonce) private {
        uint256 bit = 1 << (nonce & 255);
        uint256 used = _usedNonces[account][nonce >> 8];
        if (used & bit != 0) revert NonceUsed(account, nonce);
        _usedNonces[account][nonce >> 8] = used | bit;
    }

    function _checkSignature(address account, bytes32 structHash, bytes calldata signature) private view {
        address signer = ECDSA.recover(_hashTypedDataV4(structHash), signature);
        if (!_trust.isKeyFor(account, signer, Scopes.CUSTODY)) revert SignerNotAllowed(account, signer);
    }

    function _checkPapers(Handover calldata handover, Receipt calldata receipt) private view {
        if (handover.from == handover.to) revert HandoverToSelf(handover.from);
        if (handover.purpose > uint8(type(Purpose).max)) revert PurposeUnknown(handover.purpose);
        if (handover.basis > uint8(type(Basis).max)) revert BasisUnknown(handover.basis);
        uint256 units = handover.units.length + receipt.units.length;
        if (units != 0) revert UnitsUnavailable(units);
        _checkDeadline(handover.deadline);
        _checkDeadline(receipt.deadline);
    }

    function _checkDeadline(uint64 deadline) private view {
        uint64 time = uint64(block.timestamp);
        if (deadline < time) revert DeadlinePassed(deadline, time);
        if (deadline > time + LONGEST_DEADLINE) revert DeadlineTooFar(deadline, time + LONGEST_DEADLINE);
    }
}
