// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IClaims} from "./interfaces/IClaims.sol";
import {IItemStatus} from "./interfaces/IItemStatus.sol";
import {IProductToken} from "./interfaces/IProductToken.sol";
import {ITrustRegistry} from "./interfaces/ITrustRegistry.sol";
import {ClaimHash} from "./libraries/ClaimHash.sol";
import {MerklePath} from "./libraries/MerklePath.sol";
import {TrustBound} from "./TrustBound.sol";
import {Roles, Scopes} from "./types/Access.sol";
import {Claim, ClaimTransfer, LeafProof} from "./types/Claim.sol";
import {Purpose} from "./types/Custody.sol";
import {ItemId, Segment} from "./types/Product.sol";

/// @title Claims
/// @notice From the shelf to an owner, from owner to owner, and back.
contract Claims is IClaims, TrustBound, EIP712 {
    using ClaimHash for Claim;
    using ClaimHash for ClaimTransfer;

    uint64 private constant LONGEST_DEADLINE = 30 days;
    bytes32 private constant UNCLAIM = "unclaim";

    /// @dev Whose hands it is in, only the token knows: a claimed item may also move there.
    /// @param settled whether `claimed` counts; else it is as the predecessor says
    struct Twin {
        address claimKey;
        uint64 turn;
        bool claimed;
        bool settled;
    }

    /// @param recoveries of the account when it agreed: a recovery ends what earlier keys have opened
    struct Opening {
        uint64 until;
        uint64 recoveries;
    }

    IProductToken private immutable _token;
    IItemStatus private immutable _status;
    IClaims private immutable _predecessor;

    mapping(uint256 item => Twin) private _twins;
    mapping(address account => mapping(uint256 item => Opening)) private _returns;

    /// @param predecessor the claims of the token's predecessor, whose spent codes stay spent; zero for the first
    constructor(ITrustRegistry trust, IProductToken token, IItemStatus status, IClaims predecessor)
        TrustBound(trust)
        EIP712("Countermark", "1")
    {
        (_token, _status, _predecessor) = (token, status, predecessor);
    }

    /// @inheritdoc IClaims
    function claim(
        Claim calldata claim_,
        LeafProof calldata leaf,
        bytes calldata keySignature,
        bytes calldata ownerSignature
    ) external {
        _requireUnclaimed(claim_.item);
        if (isSpent(claim_.item)) revert CodeSpent(claim_.item);
        _requireLeaf(claim_.item, leaf);
        _claim(claim_, leaf.claimKey, keySignature, ownerSignature);
    }

    /// @inheritdoc IClaims
    function claimReissued(Claim calldata claim_, bytes calldata keySignature, bytes calldata ownerSignature)
        external
    {
        _requireUnclaimed(claim_.item);
        address claimKey = _twins[claim_.item].claimKey;
        if (claimKey == address(0)) revert NotReissued(claim_.item);
        _claim(claim_, claimKey, keySignature, ownerSignature);
    }

    /// @inheritdoc IClaims
    function transferClaimed(
        ClaimTransfer calldata transfer,
        bytes calldata fromSignature,
        bytes calldata toSignature
    ) external {
        _requireRunning();
        uint256 item = transfer.item;
        if (!isClaimed(item)) revert NotClaimed(item);
        _requireTurn(item, transfer.nonce, transfer.deadline);
        bytes32 hash = transfer.structHash();
        _requireGiver(transfer.from, hash, fromSignature);
        _requireTaker(transfer.to, hash, toSignature);
        _latestStatus(item).requireMovable(item, item, uint8(Purpose.Sale));
        ++_twins[item].turn;
        _token.move(item, item, transfer.from, transfer.to, hash);
        emit ClaimMoved(item, transfer.from, transfer.to, hash);
    }

    /// @inheritdoc IClaims
    function skipTurn(uint256 item) external {
        _claimedBySender(item);
        emit TurnSkipped(item, ++_twins[item].turn);
    }

    /// @inheritdoc IClaims
    function openToReturn(uint256 item, uint64 until) external {
        address account = _caller(Scopes.CUSTODY);
        _returns[account][item] = Opening(until, _trust.recoveries(account));
        emit ReturnOpened(account, item, until);
    }

    /// @inheritdoc IClaims
    function unclaim(uint256 item, address to) external {
        _requireRunning();
        address from = _claimedBySender(item);
        if (to == from) _requireAccount(to);
        else _requireReturnOpen(to, item);
        (_twins[item].claimed, _twins[item].settled) = (false, true);
        delete _returns[to][item];
        ++_twins[item].turn;
        if (to != from) {
            _latestStatus(item).requireMovableTo(item, item, uint8(Purpose.Return), to);
            _token.move(item, item, from, to, UNCLAIM);
        }
        emit Unclaimed(item, from, to);
    }

    /// @inheritdoc IClaims
    function reissue(uint256 item, address claimKey) external {
        _requireRunning();
        address brand = _accreditedCaller(Scopes.OPERATE, Roles.BRAND);
        uint256 series = ItemId.seriesOf(item);
        (address owner,) = _token.seriesHead(series);
        if (owner != brand) revert NotSeriesBrand(series, brand);
        _requireUnclaimed(item);
        if (!isSpent(item)) revert CodeUnspent(item);
        if (claimKey == address(0)) revert ClaimKeyMissing(item);
        _twins[item].claimKey = claimKey;
        emit Reissued(item, claimKey, brand);
    }

    /// @inheritdoc IClaims
    function claimInfo(uint256 item) external view returns (bool claimed, uint256 turn, address claimKey) {
        Twin storage twin = _twins[item];
        return (twin.claimed, twin.turn, twin.claimKey);
    }

    /// @inheritdoc IClaims
    function isClaimed(uint256 item) public view returns (bool) {
        return _twins[item].settled ? _twins[item].claimed : _hasPredecessor() && _predecessor.isClaimed(item);
    }

    /// @inheritdoc IClaims
    function isSpent(uint256 item) public view returns (bool) {
        return _twins[item].turn != 0 || (_hasPredecessor() && _predecessor.isSpent(item));
    }

    /// @inheritdoc IClaims
    function returnOpenUntil(address account, uint256 item) public view returns (uint64) {
        Opening storage opening = _returns[account][item];
        return opening.recoveries == _trust.recoveries(account) ? opening.until : 0;
    }

    /// @inheritdoc IClaims
    function claimHash(Claim calldata claim_) external pure returns (bytes32) {
        return claim_.structHash();
    }

    /// @inheritdoc IClaims
    function claimTransferHash(ClaimTransfer calldata transfer) external pure returns (bytes32) {
        return transfer.structHash();
    }

    /// @dev (1) it is the item's turn and in time, (2) claim key and owner signed, (3) the owner is nobody known,
    /// (4) the item is on a shelf, released, and nothing locks it, (5) the code is spent, (6) the item moves.
    function _claim(
        Claim calldata claim_,
        address claimKey,
        bytes calldata keySignature,
        bytes calldata ownerSignature
    ) private {
        _requireRunning();
        uint256 item = claim_.item;
        _requireTurn(item, claim_.nonce, claim_.deadline);
        bytes32 hash = claim_.structHash();
        address signer = _signer(hash, keySignature);
        if (signer != claimKey) revert ClaimKeyMismatch(claimKey, signer);
        signer = _signer(hash, ownerSignature);
        if (signer != claim_.owner) revert SignerNotAllowed(claim_.owner, signer);
        _requireFresh(claim_.owner);
        address from = _requireOnSale(item);
        _twins[item] = Twin(address(0), _twins[item].turn + 1, true, true);
        _token.move(item, item, from, claim_.owner, hash);
        emit Claimed(item, claim_.owner, from, hash);
    }

    /// @dev The leaf carries GTIN and serial, its place in the tree is the item's place in the segment: a code of
    /// another item proves nothing here.
    function _requireLeaf(uint256 item, LeafProof calldata leaf) private view {
        Segment memory segment = _token.segmentOf(item);
        bytes32 hash = MerklePath.leafHash(
            _token.seriesInfo(ItemId.seriesOf(item)).gtin, leaf.serial, leaf.claimKey, leaf.chip, leaf.salt
        );
        uint256 count = uint256(segment.last) - segment.first + 1;
        MerklePath.requireAt(hash, ItemId.indexOf(item) - segment.first, count, leaf.path, segment.root);
    }

    function _requireUnclaimed(uint256 item) private view {
        if (isClaimed(item)) revert AlreadyClaimed(item);
    }

    function _hasPredecessor() private view returns (bool) {
        return address(_predecessor) != address(0);
    }

    function _requireTurn(uint256 item, uint256 nonce, uint64 deadline) private view {
        uint64 time = uint64(block.timestamp);
        if (deadline < time) revert DeadlinePassed(deadline, time);
        if (deadline > time + LONGEST_DEADLINE) revert DeadlineTooFar(deadline, time + LONGEST_DEADLINE);
        if (nonce != _twins[item].turn) revert NotItsTurn(item, nonce, _twins[item].turn);
    }

    function _requireFresh(address owner) private view {
        address account = _trust.keyInfo(owner).account;
        if (account != address(0)) revert OwnerIsKnown(owner, account);
        for (IProductToken token = _token; address(token) != address(0); token = IProductToken(token.predecessor())) {
            uint256 held = token.balanceOf(owner);
            if (held != 0) revert OwnerNotFresh(owner, held);
        }
    }

    /// @dev Only accounts have shelves: what another address holds is packed in a unit, or gone from the network.
    function _requireOnSale(uint256 item) private view returns (address holder) {
        holder = _token.ownerOf(item);
        if (!_trust.isAccount(holder)) revert ItemNotOnShelf(item);
        // Who has it must have released it: what one party released, the next has agreed to nothing about.
        if (_status.releaserOf(item) != holder) revert ItemNotReleased(item);
        _status.requireMovable(item, item, uint8(Purpose.Sale));
    }

    /// @dev Claimed items of a migrated series that no account holds move here still, under all their flags.
    function _latestStatus(uint256 item) private view returns (IItemStatus) {
        return _status.latest(ItemId.seriesOf(item));
    }

    function _requireReturnOpen(address to, uint256 item) private view {
        uint64 until = returnOpenUntil(to, item);
        if (until <= block.timestamp) revert ReturnNotOpen(to, item, until);
        if (!_trust.mayTakeOn(to)) revert ReceiverNotIntroduced(to);
    }

    /// @dev The holder of a claimed item, for whom the caller must act.
    function _claimedBySender(uint256 item) private view returns (address holder) {
        if (!isClaimed(item)) revert NotClaimed(item);
        holder = _token.ownerOf(item);
        address key = _sender();
        if (!_mayGive(holder, key)) revert NotHolder(item, key);
    }

    function _requireGiver(address from, bytes32 hash, bytes calldata signature) private view {
        address signer = _signer(hash, signature);
        if (!_mayGive(from, signer)) revert SignerNotAllowed(from, signer);
    }

    function _requireTaker(address to, bytes32 hash, bytes calldata signature) private view {
        address signer = _signer(hash, signature);
        bool isParty = _trust.isAccount(to);
        if (isParty ? !_trust.isKeyFor(to, signer, Scopes.CUSTODY) : signer != to) revert SignerNotAllowed(to, signer);
        if (isParty && !_trust.mayTakeOn(to)) revert ReceiverNotIntroduced(to);
    }

    /// @dev An address that is an account is not its own key for ever.
    function _mayGive(address holder, address key) private view returns (bool) {
        return _trust.isAccount(holder) ? _trust.mayGiveFor(holder, key) : key == holder;
    }

    function _signer(bytes32 structHash, bytes calldata signature) private view returns (address) {
        return ECDSA.recover(_hashTypedDataV4(structHash), signature);
    }
}
