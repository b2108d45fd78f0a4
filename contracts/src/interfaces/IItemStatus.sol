// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccountErrors} from "./IAccountErrors.sol";
import {IRunErrors} from "./IRunErrors.sol";
import {Flag, Retirement} from "../types/Status.sol";

/// @title What authorities, brands and holders say about items
/// @notice Flags over ranges of items, each authority's apart from every other's: only who set a flag clears it, and a
/// write costs the same for one item or a whole series. {FlagTable} says what still moves. Never paused.
/// @dev The status of a successor token counts what its predecessor says beside its own flags: each is cleared where it
/// was set. What still moves through the predecessor's modules (goods in units, claimed items) asks {latest}.
interface IItemStatus is IAccountErrors, IRunErrors {
    /// @notice `by` has set `flag` on items `first` to `last`.
    /// @param ref the case, notice or reason
    event FlagSet(uint256 indexed first, uint256 last, uint8 indexed flag, address indexed by, bytes32 ref);

    /// @notice `by` no longer flags items `first` to `last`.
    event FlagCleared(uint256 indexed first, uint256 last, uint8 indexed flag, address indexed by, bytes32 ref);

    /// @notice An item from `first` to `last` is flagged `flag`, with which it must not move for this purpose.
    error ItemLocked(uint256 first, uint256 last, uint8 flag);

    /// @notice `flag` stands on an item from `first` to `last` already, and cannot be set over it.
    error FlagStands(uint256 first, uint256 last, uint8 flag);

    /// @notice `account` has not set `flag` on these items (all of them, where reporters differ).
    error FlagNotSet(uint256 first, uint256 last, uint8 flag, address account);

    /// @notice An item from `first` to `last` is reported as stolen: it returns to who reported it, the series' brand or
    /// an authority alone, not to `to`.
    error NoReturnOfStolen(uint256 first, uint256 last, address to);

    /// @notice `account` may not recall items of `series`: it is not its brand, nor, while its brand is not accredited,
    /// a holder of one of its marks that stand, nor market surveillance.
    error MayNotRecall(uint256 series, address account);

    /// @notice `most` other authorities hold or recall items of `series` now; or, for a holder of a mark, the one place
    /// that is open to such is taken.
    error AuthoritySlotsUsed(uint256 series, uint256 most);

    /// @notice `reason` is no number of {Retirement}, or 0.
    error RetirementUnknown(uint8 reason);

    /// @notice `purpose` is no number of {Purpose}.
    error PurposeUnknown(uint8 purpose);

    /// @notice `number` is no map with fixed meaning.
    error MapUnknown(uint256 number);

    /// @notice `caller` is not the module for this.
    error NotModule(address caller);

    /// @notice The item is in no unit.
    error NotInUnit(uint256 tokenId);

    /// @notice Recalls items. The series' brand, whatever its roles; while it is not accredited, a holder of one of its
    /// marks that stand; accredited market surveillance (OPERATE).
    /// @param ref hash of the notice
    function recall(uint256 first, uint256 last, bytes32 ref) external;

    /// @notice Takes back the caller's own recall on these items (OPERATE).
    function liftRecall(uint256 first, uint256 last, bytes32 ref) external;

    /// @notice Reports items as stolen. Who holds all of them, or the series' brand (CUSTODY).
    function reportStolen(uint256 first, uint256 last, bytes32 ref) external;

    /// @notice Takes back one account's report on all of these items (CUSTODY). Who reported, its successor, or, when
    /// who reported may take on no more, the series' brand.
    function liftStolen(uint256 first, uint256 last, bytes32 ref) external;

    /// @notice Retires items for ever. Who holds all of them (CUSTODY), unless an authority other than itself holds or has
    /// seized one.
    /// @param reason number of a {Retirement}
    function retire(uint256 first, uint256 last, uint8 reason, bytes32 ref) external;

    /// @notice Holds items for `authority`, none of which it holds or has seized yet. Only the customs register.
    function hold(address authority, uint256 first, uint256 last, bytes32 caseHash) external;

    /// @notice Seizes items for `authority`, in place of its own hold if there is one. Only the customs register.
    function seize(address authority, uint256 first, uint256 last, bytes32 caseHash) external;

    /// @notice Ends `authority`'s own hold or seizure of these items. Only the customs register.
    function liftHold(address authority, uint256 first, uint256 last, bytes32 ref) external;

    /// @notice Releases items to sale for `by`. Only modules, which have checked that it holds them.
    function setReleased(address by, uint256 first, uint256 last) external;

    /// @notice Records that `by` released items off the network. Only modules, which have checked that it holds them.
    function setOffNetwork(address by, uint256 first, uint256 last, bytes32 ref) external;

    /// @notice Makes the unit that an item is packed in move only for what the item may move for; lifts that again when
    /// the item's flags have gone. Anyone may call.
    function poke(uint256 tokenId) external;

    /// @notice All flags of an item: bit `1 << flag` for each.
    function flagsAt(uint256 tokenId) external view returns (uint16);

    /// @notice Reverts with {ItemLocked} if an item in the range has a flag with which it must not move for `purpose`.
    function requireMovable(uint256 first, uint256 last, uint8 purpose) external view;

    /// @notice As {requireMovable}, for a move to `to`: as a return it must also pass {requireReturnable}.
    function requireMovableTo(uint256 first, uint256 last, uint8 purpose, address to) external view;

    /// @notice Reverts with {NoReturnOfStolen} if an item in the range is reported as stolen, unless `to` is the series'
    /// brand, accredited customs or market surveillance, or has itself reported all of the range.
    function requireReturnable(uint256 first, uint256 last, address to) external view;

    /// @notice Reverts with {ItemLocked} if an authority other than `authority` holds or has seized an item in the range.
    function requireNotHeldByOthers(uint256 first, uint256 last, address authority) external view;

    /// @notice The first flag in the range that forbids `purpose`; {Flag.None} when all of it may move.
    function lockOf(uint256 first, uint256 last, uint8 purpose) external view returns (Flag);

    /// @notice A value that an item in the range has in map `number` of {SeriesFlags}, one of those with fixed meaning,
    /// here or in predecessors; 0 when none has one. For successors.
    function valueIn(uint256 number, uint256 first, uint256 last) external view returns (uint256);

    /// @notice The item status whose flags count here as well; zero for the first.
    function predecessor() external view returns (IItemStatus);

    /// @notice Whether `successor` is a token that was deployed to follow the token of this status, and its flags follow
    /// on those here.
    function isFollowedBy(address successor) external view returns (bool);

    /// @notice The status that counts all flags of `series`: of the token that goes on with it now.
    function latest(uint256 series) external view returns (IItemStatus);

    /// @notice Whether the item was released to sale.
    function isReleased(uint256 tokenId) external view returns (bool);

    /// @notice Who released the item to sale last; zero when nobody did. A release binds nobody who holds it later.
    function releaserOf(uint256 tokenId) external view returns (address);

    /// @notice Why the item was retired; {Retirement.None} when it was not.
    function retirementOf(uint256 tokenId) external view returns (Retirement);

    /// @notice The items around `tokenId` that `authority` holds or has seized alike.
    /// @return first first of them; 0 when it does not hold this item
    /// @return last last of them
    /// @return flag {Flag.Held} or {Flag.Seized}; {Flag.None} when it does not hold this item
    function holdRunAt(address authority, uint256 tokenId)
        external
        view
        returns (uint256 first, uint256 last, Flag flag);

    /// @notice Who reported the item as stolen; zero when nobody did.
    function reporterOf(uint256 tokenId) external view returns (address);
}
