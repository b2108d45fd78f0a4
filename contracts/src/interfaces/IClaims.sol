// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccountErrors} from "./IAccountErrors.sol";
import {IMerkleErrors} from "./IMerkleErrors.sol";
import {IRunErrors} from "./IRunErrors.sol";
import {Claim, ClaimTransfer, LeafProof} from "../types/Claim.sol";

/// @title Items in the hands of those who bought them
/// @notice The hidden code on an item is the seed of its *claim key*, whose address is part of the item's leaf. Claim
/// key and new owner sign the same {Claim}; anyone may carry it here. Owners are fresh addresses without an account.
/// Each item has a *turn* that every signature names and every act advances, so that each signature acts once.
interface IClaims is IAccountErrors, IRunErrors, IMerkleErrors {
    /// @notice `owner` has taken `item` over from `from`; `claim` is hashStruct of what was signed.
    event Claimed(uint256 indexed item, address indexed owner, address indexed from, bytes32 claim);

    /// @notice The owner of a claimed `item` has passed it on; `transfer` is hashStruct of what was signed.
    event ClaimMoved(uint256 indexed item, address indexed from, address indexed to, bytes32 transfer);

    /// @notice A claimed `item` has gone back to `to`; its code is spent.
    event Unclaimed(uint256 indexed item, address indexed from, address indexed to);

    /// @notice `brand` has given `item` a new code: claims need `claimKey` from now on.
    event Reissued(uint256 indexed item, address indexed claimKey, address indexed brand);

    /// @notice `account` will take `item` back until `until` (seconds since 1970).
    event ReturnOpened(address indexed account, uint256 indexed item, uint64 until);

    /// @notice What was signed for `item` and has not acted is void; its turn is `turn` now.
    event TurnSkipped(uint256 indexed item, uint256 turn);

    /// @notice The deadline has passed.
    error DeadlinePassed(uint64 deadline, uint64 time);

    /// @notice The deadline lies further ahead than `latest`.
    error DeadlineTooFar(uint64 deadline, uint64 latest);

    /// @notice The signatures name turn `nonce` of `item`, but it is turn `turn`.
    error NotItsTurn(uint256 item, uint256 nonce, uint256 turn);

    /// @notice `signer` signed for the claim key `claimKey`.
    error ClaimKeyMismatch(address claimKey, address signer);

    /// @notice `owner` is a key of `account`; claims are for addresses of nobody known.
    error OwnerIsKnown(address owner, address account);

    /// @notice `owner` holds `held` items already, which would show that they belong together.
    error OwnerNotFresh(address owner, uint256 held);

    /// @notice `item` is claimed. Anybody hears this, so it does not say by whom.
    error AlreadyClaimed(uint256 item);

    /// @notice `item` is not claimed.
    error NotClaimed(uint256 item);

    /// @notice The code on `item` has served; the brand must issue another.
    error CodeSpent(uint256 item);

    /// @notice The code on `item` has not served yet.
    error CodeUnspent(uint256 item);

    /// @notice No new code has been issued for `item`.
    error NotReissued(uint256 item);

    /// @notice The zero address is no claim key.
    error ClaimKeyMissing(uint256 item);

    /// @notice `item` lies in the account of no party: it is packed, or off the network.
    error ItemNotOnShelf(uint256 item);

    /// @notice Who holds `item` has not released it to sale.
    error ItemNotReleased(uint256 item);

    /// @notice `flag` of {IItemStatus} forbids this for items from `first` to `last`.
    error ItemLocked(uint256 first, uint256 last, uint8 flag);

    /// @notice `key` does not act for the holder of `item`.
    error NotHolder(uint256 item, address key);

    /// @notice `account` has not opened itself to the return of `item`, or only until `until`.
    error ReturnNotOpen(address account, uint256 item, uint64 until);

    /// @notice `account` did not open `series`.
    error NotSeriesBrand(uint256 series, address account);

    /// @notice ERC-6093: no such item.
    error ERC721NonexistentToken(uint256 tokenId);

    /// @notice Carries out a claim with the code that the item was made with. Anyone may call.
    /// @param keySignature by `leaf.claimKey`, over `claim`
    /// @param ownerSignature by `claim.owner`, over `claim`: nobody holds without consent
    function claim(
        Claim calldata claim,
        LeafProof calldata leaf,
        bytes calldata keySignature,
        bytes calldata ownerSignature
    ) external;

    /// @notice Carries out a claim with a code that was issued anew; it needs no proof. Anyone may call.
    function claimReissued(Claim calldata claim, bytes calldata keySignature, bytes calldata ownerSignature) external;

    /// @notice Carries out a resale. Anyone may call. A side that is an account signs with a CUSTODY key (the giver's
    /// successor may, too) and takes on only with an active role; any other side signs with its own key.
    function transferClaimed(
        ClaimTransfer calldata transfer,
        bytes calldata fromSignature,
        bytes calldata toSignature
    ) external;

    /// @notice Voids whatever was signed for a claimed `item` and has not acted. Its holder only.
    function skipTurn(uint256 item) external;

    /// @notice The caller's account will take `item` back until `until`; 0 ends that (CUSTODY).
    function openToReturn(uint256 item, uint64 until) external;

    /// @notice Gives a claimed `item` back to `to`, which must have opened itself to that and have an active role. Its
    /// holder only; an account that holds a claimed item may name itself.
    function unclaim(uint256 item, address to) external;

    /// @notice Gives an item whose code is spent a new one, or another new one. The accredited brand of its series only
    /// (OPERATE).
    function reissue(uint256 item, address claimKey) external;

    /// @notice Whether `item` is claimed, its turn, and the claim key issued anew for the next claim (zero: none).
    function claimInfo(uint256 item) external view returns (bool claimed, uint256 turn, address claimKey);

    /// @notice Until when `account` will take `item` back, seconds since 1970.
    function returnOpenUntil(address account, uint256 item) external view returns (uint64);

    /// @notice EIP-712 hashStruct of a claim (without the domain).
    function claimHash(Claim calldata claim) external pure returns (bytes32);

    /// @notice EIP-712 hashStruct of a resale (without the domain).
    function claimTransferHash(ClaimTransfer calldata transfer) external pure returns (bytes32);

    /// @notice Whether the item is claimed, here or in the claims of a predecessor: where it was claimed it is given back.
    function isClaimed(uint256 item) external view returns (bool);

    /// @notice Whether the code that the item was made with is spent, here or in the claims of a predecessor.
    function isSpent(uint256 item) external view returns (bool);
}
