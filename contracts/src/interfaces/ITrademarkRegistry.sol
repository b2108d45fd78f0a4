// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccountErrors} from "./IAccountErrors.sol";
import {Licence, Mark, MarkStatus} from "../types/Trademark.sol";

/// @title Trademarks as their offices record them
/// @notice A mark is its ST.13 identifier: 17 ASCII characters, left-aligned in bytes32, the first two its office's code.
interface ITrademarkRegistry is IAccountErrors {
    /// @notice Marks that begin with `code` are `office`'s to record.
    event OfficeAssigned(bytes2 indexed code, address indexed office);

    /// @notice `office` has recorded, or recorded anew, who holds `mark`.
    event MarkRecorded(
        bytes32 indexed mark,
        address indexed office,
        address indexed holder,
        bytes32 credentialHash,
        uint64 validFrom,
        uint64 validUntil
    );

    /// @notice `by` has given `mark` a new status.
    event MarkStatusChanged(bytes32 indexed mark, MarkStatus status, address by);

    /// @notice `mark` has changed hands; every licence of `from` has ended.
    event MarkTransferred(bytes32 indexed mark, address indexed from, address indexed to);

    /// @notice `licensee` may use `mark` until `until`, for `ceiling` items in all.
    event LicenceGranted(
        bytes32 indexed mark, address indexed holder, address indexed licensee, uint64 until, uint64 ceiling
    );

    /// @notice `by` has ended the licence of `licensee`.
    event LicenceEnded(bytes32 indexed mark, address indexed licensee, address indexed by);

    /// @notice A series of `quantity` items was opened under the licence, `used` in all.
    event LicenceUsed(bytes32 indexed mark, address indexed licensee, uint64 quantity, uint64 used);

    /// @notice `code` is not two capital letters.
    error OfficeCodeNotValid(bytes2 code);

    /// @notice `mark` is not 17 characters of 0-9, A-Z and hyphen, followed by zeros.
    error MarkNotValid(bytes32 mark);

    /// @notice `mark` begins with a code that is not `office`'s.
    error ForeignMark(bytes32 mark, address office);

    /// @notice `mark` is `status`, from which this step does not lead on.
    error MarkStatusIs(bytes32 mark, MarkStatus status);

    /// @notice `account` does not hold `mark`.
    error NotMarkHolder(bytes32 mark, address account);

    /// @notice `holder` holds `mark` already and needs neither a transfer nor a licence.
    error HolderAlready(bytes32 mark, address holder);

    /// @notice `mark` does not stand now, or `account` neither holds it nor has a licence that runs.
    error MarkNotUsable(bytes32 mark, address account);

    /// @notice `account` has no licence of `mark`.
    error LicenceMissing(bytes32 mark, address account);

    /// @notice `until` is not in the future.
    error LicenceOver(uint64 until, uint64 time);

    /// @notice The licence of `licensee` leaves `left` items, `quantity` are wanted.
    error LicenceUsedUp(bytes32 mark, address licensee, uint64 left, uint64 quantity);

    /// @notice `ceiling` is 0 or below the `used` items that series opened so far may have.
    error LicenceCeilingNotValid(bytes32 mark, address licensee, uint64 ceiling, uint64 used);

    /// @notice Only the token uses licences.
    error NotToken(address caller);

    /// @notice Names the account of the office with this ST.13 code; zero takes the code back. The governor only
    /// (OPERATE).
    function assignOffice(bytes2 code, address office) external;

    /// @notice Records `mark`, or records it anew (a suspended mark stays suspended). The active office of its code
    /// only (OPERATE).
    function record(bytes32 mark, address holder, bytes32 credentialHash, uint64 validFrom, uint64 validUntil) external;

    /// @notice Active to suspended. The office of its code, whatever its roles (OPERATE).
    function suspend(bytes32 mark) external;

    /// @notice Suspended to active. The active office of its code only (OPERATE).
    function reinstate(bytes32 mark) external;

    /// @notice To revoked, for ever. The office of its code, whatever its roles (OPERATE).
    function revoke(bytes32 mark) external;

    /// @notice Writes `to` as the new holder of a mark that is not revoked, with a new credential; period and status
    /// stay. Every licence of the old holder ends. The active office of its code only (OPERATE).
    function transferMark(bytes32 mark, address to, bytes32 credentialHash) external;

    /// @notice Lets `licensee` use an active mark until `until`, for `ceiling` items in all; a standing licence takes
    /// these values and keeps what was used. The mark's holder only (OPERATE).
    function grantLicence(bytes32 mark, address licensee, uint64 until, uint64 ceiling) external;

    /// @notice Ends a licence: nothing more is opened or commissioned under it. The mark's holder or the licensee,
    /// whatever their roles (OPERATE).
    function endLicence(bytes32 mark, address licensee) external;

    /// @notice Takes `quantity` items from the licence of `account` for each of `marks`, nothing for those it holds.
    /// Reverts unless it may use all of them now ({MarkNotUsable}, {LicenceUsedUp}). Only the token and its successors.
    function useMarks(bytes32[] calldata marks, address account, uint64 quantity) external;

    /// @notice The account of the office with this code; zero when there is none.
    function officeOf(bytes2 code) external view returns (address);

    /// @notice What is recorded of `mark`; zeros when nothing is.
    function markInfo(bytes32 mark) external view returns (Mark memory);

    /// @notice The licence of `licensee` under the present holder; zeros when there is none.
    function licence(bytes32 mark, address licensee) external view returns (Licence memory);

    /// @notice Whether `account` may use `mark` now: active, in its period, held by it or licensed to it. A licence
    /// that is used up still counts, for the series opened under it.
    function isUsable(bytes32 mark, address account) external view returns (bool);

    /// @notice Reverts with {MarkNotUsable} unless `account` may use all of `marks`, as {isUsable}, and a licensee's
    /// mark has not changed hands after `since`. What was begun then counts against no licence of the present holder.
    /// @param since seconds since 1970
    function requireUsable(bytes32[] calldata marks, address account, uint64 since) external view;
}
