// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccountErrors} from "./IAccountErrors.sol";
import {IRunErrors} from "./IRunErrors.sol";
import {Measure} from "../types/Customs.sol";

/// @title What authorities do with goods
/// @notice A measure is about physical goods, named by a salted commitment; it locks no item. Only when an officer
/// confirms that the goods in hand *are* certain items are these locked: so a copy in detention never locks the genuine
/// item. Each authority's locks are its own, and only it lifts them. Never paused.
interface ICustomsRegister is IAccountErrors, IRunErrors {
    /// @notice The authority `by` has taken a measure; what about, its commitment hides until it is opened.
    event MeasureRecorded(uint256 indexed id, address indexed by, uint8 indexed measureKind, bytes32 commitment);

    /// @notice The goods of the measure are the items `first` to `last`, which it holds from now on.
    event IdentityConfirmed(uint256 indexed id, uint256 indexed first, uint256 last);

    /// @notice The goods of the measure are those in `unit`, which it locks from now on.
    event UnitConfirmed(uint256 indexed id, uint256 indexed unit);

    /// @notice Items `first` to `last` of a line of the measure are in the authority's custody.
    event ItemsSeized(uint256 indexed id, uint256 indexed first, uint256 last);

    /// @notice `unit` with all that is in it is in the authority's custody.
    event UnitSeized(uint256 indexed id, uint256 indexed unit);

    /// @notice The measure locks nothing any more.
    event MeasureLifted(uint256 indexed id);

    /// @notice The measure was about the content with this hash.
    event MeasureOpened(uint256 indexed id, bytes32 contentHash);

    /// @notice `account` is neither accredited customs nor accredited market surveillance.
    error NotAuthority(address account);

    /// @notice `kind` is no number of {MeasureKind}.
    error MeasureKindUnknown(uint8 kind);

    /// @notice `by` has recorded the same commitment before, as measure `id`.
    error MeasureExists(bytes32 commitment, uint256 id);

    /// @notice There is no such measure.
    error UnknownMeasure(uint256 id);

    /// @notice Measure `id` is not `account`'s.
    error NotMeasureAuthority(uint256 id, address account);

    /// @notice Measure `id` is lifted.
    error MeasureIsLifted(uint256 id);

    /// @notice Measure `id` is open already.
    error MeasureIsOpen(uint256 id);

    /// @notice Salt and content lead to `commitment`, not to that of measure `id`.
    error MeasureMismatch(uint256 id, bytes32 commitment);

    /// @notice Measure `id` has `most` lines (or units); record another for more.
    error MeasureFull(uint256 id, uint256 most);

    /// @notice Measure `id` has no line `number`.
    error UnknownLine(uint256 id, uint256 number);

    /// @notice One call seizes 1 to `most` runs.
    error SeizureRunsOutOfRange(uint256 runs, uint256 most);

    /// @notice All items of line `number` are seized.
    error LineSeized(uint256 id, uint256 number);

    /// @notice Measure `id` locks `unit` already.
    error UnitNamed(uint256 id, uint256 unit);

    /// @notice Measure `id` does not lock `unit`.
    error UnitNotNamed(uint256 id, uint256 unit);

    /// @notice Another authority locks `unit`, a unit around it or, where it is `unit` that is seized, inside it.
    error UnitHeldByOthers(uint256 unit);

    /// @notice `unit` is in the authority's custody already.
    error UnitInCustody(uint256 unit, address account);

    /// @notice `flag` stands on an item from `first` to `last` already: one authority holds an item once.
    error FlagStands(uint256 first, uint256 last, uint8 flag);

    /// @notice An item from `first` to `last` carries another authority's `flag`.
    error ItemLocked(uint256 first, uint256 last, uint8 flag);

    /// @notice `most` other authorities have flags in `series` now.
    error AuthoritySlotsUsed(uint256 series, uint256 most);

    /// @notice There is no such unit.
    error UnknownUnit(uint256 unit);

    /// @notice Records a measure; it locks nothing. Accredited customs and market surveillance (OPERATE).
    /// @param commitment keccak256(abi.encode(salt, contentHash)), the content naming declaration, parcel, description
    /// and pictures
    /// @param kind number of a {MeasureKind}
    function recordMeasure(bytes32 commitment, uint8 kind) external returns (uint256 id);

    /// @notice The officer has the items `first` to `last` in hand: holds them. At most 32 lines a measure. The
    /// measure's authority, still accredited (OPERATE).
    function confirmIdentity(uint256 id, uint256 first, uint256 last) external;

    /// @notice The officer has `unit` in hand: locks it and all units around it. At most 8 units a measure. The
    /// measure's authority, still accredited (OPERATE).
    function confirmUnit(uint256 id, uint256 unit) external;

    /// @notice Takes items of a line into the authority's custody, whoever holds them, packed or not: at most `runs` runs,
    /// from where the last call ended. The measure's authority, accredited customs (OPERATE).
    /// @param number of the line, from 0
    /// @param runs 1 to 32
    /// @return done whether the whole line is seized
    function seize(uint256 id, uint256 number, uint256 runs) external returns (bool done);

    /// @notice Takes a confirmed unit with all that is in it into the authority's custody. The measure's authority,
    /// accredited customs (OPERATE).
    function seizeUnit(uint256 id, uint256 unit) external;

    /// @notice Ends all locks of a measure; what was seized stays in custody and can be handed over again. The measure's
    /// authority, whatever its roles (OPERATE).
    function lift(uint256 id) external;

    /// @notice Names the content behind a measure. Its authority, whatever its roles (OPERATE).
    function open(uint256 id, bytes32 salt, bytes32 contentHash) external;

    /// @notice How many measures there are; ids count from 1.
    function measureCount() external view returns (uint256);

    /// @notice What is known of a measure.
    function measureInfo(uint256 id) external view returns (Measure memory);

    /// @notice Line `number` of a measure, from 0; `seized` counts its items in custody, from `first` on.
    function lineAt(uint256 id, uint256 number) external view returns (uint256 first, uint256 last, uint256 seized);

    /// @notice The units that a measure locks (or locked), 8 at most.
    function unitsOf(uint256 id) external view returns (uint256[] memory);
}
