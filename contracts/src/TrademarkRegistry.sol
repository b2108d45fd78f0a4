// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITrademarkRegistry} from "./interfaces/ITrademarkRegistry.sol";
import {ITrustRegistry} from "./interfaces/ITrustRegistry.sol";
import {MarkId} from "./libraries/MarkId.sol";
import {TrustBound} from "./TrustBound.sol";
import {Roles, Scopes} from "./types/Access.sol";
import {Mark, MarkStatus} from "./types/Trademark.sol";

/// @title TrademarkRegistry
/// @notice Who holds which mark, until when, and whether it stands.
contract TrademarkRegistry is ITrademarkRegistry, TrustBound {
    mapping(bytes2 code => address) private _offices;
    mapping(bytes32 mark => Mark) private _marks;

    constructor(ITrustRegistry trust) TrustBound(trust) {}

    /// @inheritdoc ITrademarkRegistry
    function assignOffice(bytes2 code, address office) external {
        _accreditedCaller(Scopes.OPERATE, Roles.GOVERNOR);
        if (!MarkId.isOfficeCode(code)) revert OfficeCodeNotValid(code);
        if (office != address(0)) _requireAccount(office);
        _offices[code] = office;
        emit OfficeAssigned(code, office);
    }

    /// @inheritdoc ITrademarkRegistry
    function record(bytes32 mark, address holder, bytes32 credentialHash, uint64 validFrom, uint64 validUntil)
        external
    {
        address office = _officeFor(mark);
        _requireAccredited(office, Roles.IP_OFFICE);
        if (!MarkId.isValid(mark)) revert MarkNotValid(mark);
        if (validUntil <= validFrom) revert EmptyPeriod(validFrom, validUntil);
        _requireAccount(holder);
        MarkStatus status = _marks[mark].status;
        if (status == MarkStatus.Revoked) revert MarkStatusIs(mark, status);
        if (status == MarkStatus.None) status = MarkStatus.Active;
        _marks[mark] = Mark(office, status, validFrom, holder, validUntil, credentialHash);
        emit MarkRecorded(mark, office, holder, credentialHash, validFrom, validUntil);
    }

    /// @inheritdoc ITrademarkRegistry
    function suspend(bytes32 mark) external {
        _change(mark, _officeFor(mark), MarkStatus.Active, MarkStatus.Suspended);
    }

    /// @inheritdoc ITrademarkRegistry
    function reinstate(bytes32 mark) external {
        address office = _officeFor(mark);
        _requireAccredited(office, Roles.IP_OFFICE);
        _change(mark, office, MarkStatus.Suspended, MarkStatus.Active);
    }

    /// @inheritdoc ITrademarkRegistry
    function revoke(bytes32 mark) external {
        address office = _officeFor(mark);
        MarkStatus status = _marks[mark].status;
        if (status == MarkStatus.None) revert MarkStatusIs(mark, status);
        if (status == MarkStatus.Revoked) revert MarkStatusIs(mark, status);
        _change(mark, office, status, MarkStatus.Revoked);
    }

    /// @inheritdoc ITrademarkRegistry
    function officeOf(bytes2 code) external view returns (address) {
        return _offices[code];
    }

    /// @inheritdoc ITrademarkRegistry
    function markInfo(bytes32 mark) external view returns (Mark memory) {
        return _marks[mark];
    }

    /// @inheritdoc ITrademarkRegistry
    function isUsable(bytes32 mark, address account) external view returns (bool) {
        Mark storage stored = _marks[mark];
        return stored.status == MarkStatus.Active && stored.holder == account && stored.validFrom <= block.timestamp
            && block.timestamp < stored.validUntil;
    }

    function _change(bytes32 mark, address office, MarkStatus from, MarkStatus to) private {
        MarkStatus status = _marks[mark].status;
        if (status != from) revert MarkStatusIs(mark, status);
        _marks[mark].status = to;
        emit MarkStatusChanged(mark, to, office);
    }

    /// @dev The caller's account, which must be the office of the mark's code.
    function _officeFor(bytes32 mark) private view returns (address account) {
        account = _caller(Scopes.OPERATE);
        if (_offices[MarkId.officeCode(mark)] != account) revert ForeignMark(mark, account);
    }
}
