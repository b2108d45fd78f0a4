// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccountErrors} from "./IAccountErrors.sol";
import {Mark, MarkStatus} from "../types/Trademark.sol";

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

    /// @notice `code` is not two capital letters.
    error OfficeCodeNotValid(bytes2 code);

    /// @notice `mark` is not 17 characters of 0-9, A-Z and hyphen, followed by zeros.
    error MarkNotValid(bytes32 mark);

    /// @notice `mark` begins with a code that is not `office`'s.
    error ForeignMark(bytes32 mark, address office);

    /// @notice `mark` is `status`, from which this step does not lead on.
    error MarkStatusIs(bytes32 mark, MarkStatus status);

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

    /// @notice The account of the office with this code; zero when there is none.
    function officeOf(bytes2 code) external view returns (address);

    /// @notice What is recorded of `mark`; zeros when nothing is.
    function markInfo(bytes32 mark) external view returns (Mark memory);

    /// @notice Whether `account` may use `mark` now: active, in its period, held by it.
    function isUsable(bytes32 mark, address account) external view returns (bool);
}
