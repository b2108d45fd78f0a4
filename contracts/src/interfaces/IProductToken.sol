// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC2309} from "@openzeppelin/contracts/interfaces/IERC2309.sol";
import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {IAccountErrors} from "./IAccountErrors.sol";
import {IItemStatus} from "./IItemStatus.sol";
import {IRunErrors} from "./IRunErrors.sol";
import {Segment, SeriesInfo} from "../types/Product.sol";

/// @title Items of product, one token each, kept as runs
/// @notice `item = series << 24 | index`, in packing order. {Moved} is the one event that tells everything; beside it
/// stand ERC-721 `Transfer` for single items and ERC-2309 `ConsecutiveTransfer` for runs.
/// @dev Where this is not the ERC-721 that others expect:
/// owners, approved parties and operators are accounts, for which their CUSTODY keys call;
/// `ownerOf` is the custodian, title is not asserted;
/// a transfer needs a receiver that has opened itself to the giver ({ITrustRegistry-openTo}), and goods that may be sold;
/// every outbound move of an account ends the approvals that it gave, without further events;
/// runs are announced as ERC-2309 says although they move after creation; there is no metadata extension.
interface IProductToken is IAccountErrors, IRunErrors, IERC2309, IERC4906 {
    /// @notice `brand` has ordered labels for the product `gtin`; this is its `number`-th series.
    event SeriesOpened(
        uint256 indexed series,
        address indexed brand,
        uint64 indexed gtin,
        uint16 number,
        bytes32[] marks,
        uint32 ceiling
    );

    /// @notice Nothing more will be commissioned in `series`.
    event SeriesClosed(uint256 indexed series);

    /// @notice Items `first` to `last` exist from now on; see {Segment}.
    event Commissioned(
        uint256 indexed series,
        uint256 indexed first,
        uint256 last,
        bytes32 root,
        bytes32 lot,
        uint64 expiry,
        bytes32 passport,
        address indexed holder
    );

    /// @notice Custody of items `first` to `last` went from `from` (zero: they were commissioned) to `to`.
    /// @param module the contract that checked consent
    /// @param ref what it was for: the handover's hash, or the segment's root
    event Moved(
        uint256 indexed first, uint256 last, address indexed from, address indexed to, address module, bytes32 ref
    );

    /// @notice `by` lets the token `successor` go on with series of this one.
    event SuccessorApproved(address indexed successor, address indexed by);

    /// @notice From now on `successor` goes on with `series`.
    event SeriesMigrated(uint256 indexed series, address indexed successor);

    /// @notice This token goes on with `series` of `predecessor`, of which `issued` items exist.
    event SeriesTakenOver(uint256 indexed series, address indexed predecessor, uint32 issued);

    /// @notice ERC-6093: no such item.
    error ERC721NonexistentToken(uint256 tokenId);

    /// @notice ERC-6093: the zero address holds nothing.
    error ERC721InvalidOwner(address owner);

    /// @notice ERC-6093: `operator` may not transfer this item.
    error ERC721InsufficientApproval(address operator, uint256 tokenId);

    /// @notice ERC-6093: `approver` neither holds the item nor is an operator of its holder.
    error ERC721InvalidApprover(address approver);

    /// @notice ERC-6093: the zero address is no operator.
    error ERC721InvalidOperator(address operator);

    /// @notice ERC-6093: `receiver` is a contract that did not take the item.
    error ERC721InvalidReceiver(address receiver);

    /// @notice A series has 1 to `most` marks.
    error MarkCountOutOfRange(uint256 count, uint256 most);

    /// @notice A ceiling lies between 1 and `most`.
    error CeilingOutOfRange(uint32 ceiling, uint32 most);

    /// @notice This product has had all the series that serial numbers can tell apart.
    error TooManySeries(uint64 gtin);

    /// @notice There is no such series.
    error UnknownSeries(uint256 series);

    /// @notice `series` has no segment of this number.
    error UnknownSegment(uint256 series, uint256 number);

    /// @notice `series` is closed.
    error SeriesIsClosed(uint256 series);

    /// @notice `account` did not open `series`.
    error NotSeriesBrand(uint256 series, address account);

    /// @notice `series` would have `wanted` items, more than its ceiling.
    error CeilingPassed(uint256 series, uint256 wanted, uint32 ceiling);

    /// @notice A commissioning of no items.
    error NothingCommissioned(uint256 series);

    /// @notice A commissioning without a Merkle root: no label of it could be proved.
    error RootMissing(uint256 series);

    /// @notice `lot` is not up to 20 printable ASCII characters followed by zeros.
    error LotNotValid(bytes32 lot);

    /// @notice `holder` has not consented to hold the new items; name the brand itself.
    error HolderWithoutConsent(address holder);

    /// @notice `caller` is not a module for this.
    error NotModule(address caller);

    /// @notice A token has 1 to `most` modules.
    error ModuleCountOutOfRange(uint256 count, uint256 most);

    /// @notice `successor` is the successor token already, for ever; series are opened there.
    error SuccessorStands(address successor);

    /// @notice `successor` is no token that was deployed as the successor of this one, with an item status that succeeds
    /// this one's.
    error SuccessorTokenNotValid(address successor);

    /// @notice No successor token is approved: `series` has nowhere to go.
    error SuccessorMissing(uint256 series);

    /// @notice `token` is not the approved successor of its predecessor: it opens no series.
    error NotSuccessor(address token);

    /// @notice The successor token goes on with `series`.
    error SeriesIsMigrated(uint256 series);

    /// @notice `series` has not been migrated: its items stay here.
    error SeriesNotMigrated(uint256 series);

    /// @notice `holder` is no account: items `first` to `last` are in a unit, claimed or off the network, and come out
    /// through the contracts that they went in by.
    error HolderNotAccount(uint256 first, uint256 last, address holder);

    /// @notice Opens a series. Accredited brands only (OPERATE).
    /// @param gtin GTIN-14 as a number
    /// @param prefixLength digits of the company prefix, which must be the caller's
    /// @param marks ST.13 identifiers, 1 to 8, each usable by the caller now
    /// @param ceiling most items that may ever be commissioned, 1 to 2**24 - 1
    function openSeries(uint64 gtin, uint8 prefixLength, bytes32[] calldata marks, uint32 ceiling)
        external
        returns (uint256 series);

    /// @notice Turns `count` packed items into tokens, in packing order. The series' brand only, still accredited, its
    /// marks still usable (OPERATE). Parameters as in {Segment}.
    /// @param holder who holds them first; the brand itself
    /// @return first the first new item
    /// @return last the last new item
    function commission(
        uint256 series,
        uint32 count,
        bytes32 root,
        bytes32 lot,
        uint64 expiry,
        bytes32 passport,
        address holder
    ) external returns (uint256 first, uint256 last);

    /// @notice Ends commissioning in `series`. The series' brand, whatever its roles (OPERATE).
    function closeSeries(uint256 series) external;

    /// @notice Moves items `first` to `last`. Only modules, which have checked consent and flags.
    /// @return adopted whether they came over from the predecessor, which costs twice as much: modules bound how often
    function move(uint256 first, uint256 last, address from, address to, bytes32 ref) external returns (bool adopted);

    /// @notice Lets `successor_`, a token deployed with this one as its predecessor, go on with what is here: series are
    /// opened there from now on, and it takes over those that {migrateSeries} names. Once and for ever, because a
    /// successor can pull items. Governor (OPERATE), in production a timelock.
    function approveSuccessor(address successor_) external;

    /// @notice Lets the successor go on with `series`, item ids and holders unchanged: here nothing more is commissioned
    /// and no account's items move; what a unit holds, or who claimed it, still comes out here. The series' brand,
    /// whatever its roles, or the governor (OPERATE).
    function migrateSeries(uint256 series) external;

    /// @notice Moves items `first` to `last` of the account `from` to the calling successor. Only the approved successor,
    /// in migrated series.
    function handToSuccessor(uint256 first, uint256 last, address from) external;

    /// @notice Takes over `series`. Only the predecessor, from within its {migrateSeries}.
    function takeOver(uint256 series) external;

    /// @notice Adopts items `first` to `last` of a migrated series, which the caller's account holds in the predecessor
    /// and goes on holding here (CUSTODY). {move} adopts what it moves, but a range must be adopted wholly or not at all:
    /// this joins what is not.
    function adopt(uint256 first, uint256 last) external;

    /// @notice The token that this one succeeds; zero when it is the first. Until the first move here, an item of a
    /// migrated series is where the predecessor says.
    function predecessor() external view returns (address);

    /// @notice The approved successor; zero when there is none.
    function successor() external view returns (address);

    /// @notice The successor that goes on with `series`; zero while this token does.
    function successorFor(uint256 series) external view returns (IProductToken);

    /// @notice Where the flags of items are kept.
    function status() external view returns (IItemStatus);

    /// @notice How many series of this product exist, here and in predecessors.
    function seriesOfGtin(uint64 gtin) external view returns (uint16);

    /// @notice Announces a change of what is flagged about items (ERC-4906). Only {IItemStatus}.
    function touch(uint256 first, uint256 last) external;

    /// @notice Whether `account` may call {move}.
    function isModule(address account) external view returns (bool);

    /// @notice Reverts unless `account` holds every item from `first` to `last`.
    function requireHeld(uint256 first, uint256 last, address account) external view;

    /// @notice The custodian of an item: who has it in hand. Title to the goods is not asserted.
    function ownerOf(uint256 tokenId) external view override returns (address);

    /// @notice How many items `account` has in hand, over all series. What it holds of a migrated series and has not
    /// adopted counts in the predecessor: its total is the sum over all tokens. Adopted items count there as the
    /// successor's.
    function balanceOf(address account) external view override returns (uint256);

    /// @notice The run around an item: all neighbours with the same custodian. `last + 1` begins the next run. In a
    /// migrated series a run ends also where adopted items do, since it moves in one.
    function runAt(uint256 tokenId) external view returns (uint256 first, uint256 last, address holder);

    /// @notice A cursor over `series`: the run around `fromIndex`, from `fromIndex` on. Begin with 0, go on with the
    /// index behind `last`, until all three values are 0.
    function nextRun(uint256 series, uint256 fromIndex)
        external
        view
        returns (uint256 first, uint256 last, address holder);

    /// @notice Brand and number of items of `series`, 0 for both when there is none.
    function seriesHead(uint256 series) external view returns (address brand, uint32 issued);

    /// @notice How many series exist, those of predecessors included; they are numbered from 1.
    function seriesCount() external view returns (uint256);

    /// @notice What is known of a series.
    function seriesInfo(uint256 series) external view returns (SeriesInfo memory);

    /// @notice How many segments `series` has.
    function segmentCount(uint256 series) external view returns (uint256);

    /// @notice The segment `number` of `series`, from 0.
    function segmentAt(uint256 series, uint256 number) external view returns (Segment memory);

    /// @notice The segment that an item was commissioned in.
    function segmentOf(uint256 tokenId) external view returns (Segment memory);
}
