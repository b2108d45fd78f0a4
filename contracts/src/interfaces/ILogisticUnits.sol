// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {IAccountErrors} from "./IAccountErrors.sol";
import {IRunErrors} from "./IRunErrors.sol";
import {IUnitLocks} from "./IUnitLocks.sol";
import {UnitInfo, UnitLines} from "../types/Units.sol";

/// @title Logistic units: cartons, pallets, containers
/// @notice A unit has an account of its own that holds what is inside, so moving it costs the same whatever that is.
/// Each change inside counts up its version and goes into a rolling hash; a handover signs both, so nothing can change
/// between signature and move. Owners and Transfer events are as in ERC-721 (a unit inside another is owned by that one's
/// account), but it is not one: there is no transfer by the holder alone, no approval, and no count of an account's units,
/// which would make moving one dearer by a fifth. It claims ERC-165 only.
interface ILogisticUnits is IUnitLocks, IAccountErrors, IRunErrors, IERC165 {
    /// @notice `unit` exists from now on; `key` is the number on it.
    event UnitOpened(
        uint256 indexed unit, address indexed holder, uint8 scheme, bytes key, uint32 generation
    );

    /// @notice The number `key` leads to `unit` as well.
    event UnitAliased(
        uint256 indexed unit, uint256 indexed aliasId, uint8 scheme, bytes key, uint32 generation
    );

    /// @notice `unit` is done with; its number can be used again.
    event UnitClosed(uint256 indexed unit, address indexed by);

    /// @notice `lines` went into `unit`.
    event Packed(uint256 indexed unit, uint64 version, bytes32 contents, UnitLines lines);

    /// @notice `lines` came out of `unit`.
    event Unpacked(uint256 indexed unit, uint64 version, bytes32 contents, UnitLines lines);

    /// @notice `unit` is sealed over `contentsRoot`.
    event UnitSealed(
        uint256 indexed unit, uint64 version, bytes32 contents, bytes32 contentsRoot, bytes32 sealHash
    );

    /// @notice The seal of `unit` is open. `reason` 0: as intended.
    event SealBroken(uint256 indexed unit, uint64 version, bytes32 contents, bytes32 reason, address indexed by);

    /// @notice `unit` went from `from` to `to` with all that is in it; `ref` says what for.
    event UnitMoved(uint256 indexed unit, address indexed from, address indexed to, bytes32 ref);

    /// @notice ERC-721: as {UnitMoved}; `from` zero: opened; `to` zero: closed; also into and out of a unit's account.
    event Transfer(address indexed from, address indexed to, uint256 indexed tokenId);

    /// @notice `unit` may only go for `purposes` (one bit each) while this lock stands.
    event UnitLocked(uint256 indexed unit, bytes32 indexed ref, address indexed by, uint8 purposes);

    /// @notice The lock that `by` set on `unit` with `ref` is gone.
    event UnitUnlocked(uint256 indexed unit, bytes32 indexed ref, address indexed by);

    /// @notice Items `first` to `last` were seized out of `unit`.
    event TakenOut(
        uint256 indexed unit,
        uint64 version,
        bytes32 contents,
        uint256 first,
        uint256 last,
        address indexed to,
        bytes32 ref
    );

    /// @notice Something was seized out of `child` inside `unit`, or `child` itself.
    event InnerChanged(uint256 indexed unit, uint64 version, bytes32 contents, uint256 child);

    /// @notice There is no such unit.
    error UnknownUnit(uint256 unit);

    /// @notice `unit` exists, or its number leads to another unit.
    error UnitExists(uint256 unit);

    /// @notice `key` is not valid in `scheme`.
    error UnitKeyNotValid(uint8 scheme, bytes key);

    /// @notice Generations of one number follow each other without a gap, from 1.
    error GenerationNotNext(uint256 unit, uint32 generation);

    /// @notice `account` still has the unit `previous` with the same number open.
    error PreviousStillOpen(uint256 previous, address account);

    /// @notice `account` has no active role (introduced or higher): nobody answers for it.
    error OpenerNotIntroduced(address account);

    /// @notice `unit` is closed for ever.
    error UnitIsClosed(uint256 unit);

    /// @notice `unit` is inside `parent`: take it out first.
    error UnitInside(uint256 unit, uint256 parent);

    /// @notice `account` does not hold `unit`.
    error UnitNotHeld(uint256 unit, address account);

    /// @notice `unit` would be inside itself.
    error UnitInsideItself(uint256 unit);

    /// @notice With `child` inside, `unit` would be higher than `most` units.
    error NestedTooDeep(uint256 unit, uint256 child, uint256 most);

    /// @notice `child` is not directly inside `unit`.
    error UnitNotInside(uint256 unit, uint256 child);

    /// @notice `unit` is sealed: break the seal first.
    error UnitIsSealed(uint256 unit);

    /// @notice `unit` has no seal.
    error UnitNotSealed(uint256 unit);

    /// @notice A seal over no contents root.
    error SealRootMissing(uint256 unit);

    /// @notice A lock forbids `purpose` for `unit`.
    error UnitIsLocked(uint256 unit, uint8 purpose);

    /// @notice `unit` has changed since: its version and contents are these.
    error UnitChanged(uint256 unit, uint64 version, bytes32 contents);

    /// @notice One call packs or unpacks 1 to `most` lines.
    error LineCountOutOfRange(uint256 count, uint256 most);

    /// @notice A line of unnumbered goods of no kind, or of nothing.
    error GoodsLineEmpty(bytes32 goods, uint256 quantity);

    /// @notice `unit` has only `inside` of `goods`.
    error GoodsNotInside(uint256 unit, bytes32 goods, uint256 inside);

    /// @notice `unit` still has something in it.
    error UnitNotEmpty(uint256 unit, uint256 items, uint256 units, uint256 goodsKinds);

    /// @notice No lock of the item status because of `item` stands on `unit`.
    error LockUnknown(uint256 unit, uint256 item);

    /// @notice `item` is still inside `unit`.
    error ItemInside(uint256 unit, uint256 item);

    /// @notice `caller` is not a contract that may do this.
    error NotModule(address caller);

    /// @notice Opens a unit in the caller's hands. Accounts with an active role (CUSTODY).
    /// @param scheme number of a {UnitScheme}
    /// @param key the number as it is printed, ASCII
    /// @param generation 1 for a number's first use, then one more each time. An earlier unit of the same number need not
    /// be closed when others hold it
    function open(uint8 scheme, bytes calldata key, uint32 generation) external returns (uint256 unit);

    /// @notice Lets another number lead to `unit`. Its holder (CUSTODY).
    function addAlias(uint256 unit, uint8 scheme, bytes calldata key, uint32 generation) external;

    /// @notice Ends an empty unit. Its holder (CUSTODY).
    function close(uint256 unit) external;

    /// @notice Packs what the caller holds: 1 to 32 lines, nothing recalled, held or otherwise locked. The holder (CUSTODY).
    function pack(uint256 unit, UnitLines calldata lines) external;

    /// @notice Unpacks into the caller's hands: 1 to 32 lines, which keep their flags. The holder (CUSTODY), unless a lock
    /// forbids even return.
    function unpack(uint256 unit, UnitLines calldata lines) external;

    /// @notice Seals `unit`; while sealed, nothing goes in or out. The holder (CUSTODY).
    /// @param contentsRoot Merkle root of what is inside, for proof without a network
    /// @param sealHash salted hash of the number on the physical seal
    function seal(uint256 unit, bytes32 contentsRoot, bytes32 sealHash) external;

    /// @notice Records that the seal is open. The holder (CUSTODY).
    /// @param reason 0: opened as intended; else a salted hash of what was found, and a public alert is raised
    function breakSeal(uint256 unit, bytes32 reason) external;

    /// @notice Moves `unit` in the state that was signed for. Only the handovers module, which has checked consent.
    function moveUnit(
        uint256 unit,
        uint64 version,
        bytes32 contents,
        address from,
        address to,
        uint8 purpose,
        bytes32 ref
    ) external;

    /// @notice Takes off `unit` the item status' lock because of an item that is not inside it any more. Anyone.
    function relieve(uint256 unit, uint256 item) external;

    /// @notice Seizes items out of `unit`, whatever its locks; its seal and those around it are broken by that. Only the
    /// customs register.
    function takeOut(uint256 unit, uint256 first, uint256 last, address to, bytes32 ref) external;

    /// @notice Seizes `unit`, out of the unit around it if there is one. Only the customs register.
    function takeUnit(uint256 unit, address to, bytes32 ref) external;

    /// @notice Reverts unless `unit` is open and directly in the hands of `account`.
    function requireHeld(uint256 unit, address account) external view;

    /// @notice The state of `unit`.
    function unitInfo(uint256 unit) external view returns (UnitInfo memory);

    /// @notice The id of the unit with this number; it need not exist.
    function unitId(uint8 scheme, bytes calldata key, uint32 generation) external pure returns (uint256);

    /// @notice The unit behind an id or an alias; 0 when there is none.
    function resolve(uint256 id) external view returns (uint256 unit);

    /// @notice The address that holds what is in `unit`.
    function accountOf(uint256 unit) external view returns (address);

    /// @notice The outermost unit around `unit`, or itself.
    function topOf(uint256 unit) external view returns (uint256);

    /// @notice The account that has an item in hand, be it loose or in a unit.
    function custodianOf(uint256 tokenId) external view returns (address);

    /// @notice Who holds `unit`: an account, or the account of the unit around it.
    function ownerOf(uint256 unit) external view returns (address);

    /// @notice How many numbered items are directly inside `unit`.
    function itemsIn(uint256 unit) external view returns (uint256);

    /// @notice How much of `goods` is directly inside `unit`.
    function goodsIn(uint256 unit, bytes32 goods) external view returns (uint256);

    /// @notice Whether no lock forbids `purpose` for `unit`.
    function mayMove(uint256 unit, uint8 purpose) external view returns (bool);

    /// @notice Whether no lock keeps inside what is in `unit`.
    function mayUnpack(uint256 unit) external view returns (bool);

    /// @notice Whether `by` has locked `unit` with `ref`.
    function isLockedBy(uint256 unit, address by, bytes32 ref) external view returns (bool);
}
