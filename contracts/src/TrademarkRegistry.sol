// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IProductToken} from "./interfaces/IProductToken.sol";
import {ITrademarkRegistry} from "./interfaces/ITrademarkRegistry.sol";
import {ITrustRegistry} from "./interfaces/ITrustRegistry.sol";
import {MarkId} from "./libraries/MarkId.sol";
import {TrustBound} from "./TrustBound.sol";
import {Roles, Scopes} from "./types/Access.sol";
import {Licence, Mark, MarkStatus} from "./types/Trademark.sol";

/// @title TrademarkRegistry
/// @notice Who holds which mark, until when, whether it stands, and whom its holder lets use it.
contract TrademarkRegistry is ITrademarkRegistry, TrustBound {
    address private immutable _token;

    mapping(bytes2 code => address) private _offices;
    mapping(bytes32 mark => Mark) private _marks;
    /// @dev One holding of a mark: `number` rises whenever the mark changes hands.
    struct Tenure {
        uint64 number;
        uint64 since;
    }

    mapping(bytes32 mark => Tenure) private _tenures;
    mapping(bytes32 mark => mapping(address licensee => Licence)) private _licences;

    /// @param token the contract that opens series under licences, as its successors then do
    constructor(ITrustRegistry trust, address token) TrustBound(trust) {
        _token = token;
    }

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
        address before = _marks[mark].holder;
        _marks[mark] = Mark(office, status, validFrom, holder, validUntil, credentialHash);
        emit MarkRecorded(mark, office, holder, credentialHash, validFrom, validUntil);
        if (before != holder) _endTenure(mark, before, holder);
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
    function transferMark(bytes32 mark, address to, bytes32 credentialHash) external {
        address office = _officeFor(mark);
        _requireAccredited(office, Roles.IP_OFFICE);
        Mark storage stored = _marks[mark];
        if (stored.status == MarkStatus.None) revert MarkStatusIs(mark, stored.status);
        if (stored.status == MarkStatus.Revoked) revert MarkStatusIs(mark, stored.status);
        address from = stored.holder;
        if (from == to) revert HolderAlready(mark, to);
        _requireAccount(to);
        (stored.office, stored.holder, stored.credentialHash) = (office, to, credentialHash);
        emit MarkRecorded(mark, office, to, credentialHash, stored.validFrom, stored.validUntil);
        _endTenure(mark, from, to);
    }

    /// @inheritdoc ITrademarkRegistry
    function grantLicence(bytes32 mark, address licensee, uint64 until, uint64 ceiling) external {
        address holder = _caller(Scopes.OPERATE);
        _requireRunning();
        _requireHolder(mark, holder);
        if (!_stands(_marks[mark])) revert MarkNotUsable(mark, holder);
        if (licensee == holder) revert HolderAlready(mark, holder);
        _requireAccount(licensee);
        if (until <= block.timestamp) revert LicenceOver(until, uint64(block.timestamp));
        uint64 used = licence(mark, licensee).used;
        if (ceiling == 0 || ceiling < used) revert LicenceCeilingNotValid(mark, licensee, ceiling, used);
        _licences[mark][licensee] = Licence(until, ceiling, used, _tenures[mark].number);
        emit LicenceGranted(mark, holder, licensee, until, ceiling);
    }

    /// @inheritdoc ITrademarkRegistry
    /// @dev What was used stays, so that ending and granting anew is no way around a ceiling.
    function endLicence(bytes32 mark, address licensee) external {
        address by = _caller(Scopes.OPERATE);
        if (by != licensee) _requireHolder(mark, by);
        if (licence(mark, licensee).until <= block.timestamp) revert LicenceMissing(mark, licensee);
        _licences[mark][licensee].until = uint64(block.timestamp);
        emit LicenceEnded(mark, licensee, by);
    }

    /// @inheritdoc ITrademarkRegistry
    function useMarks(bytes32[] calldata marks, address account, uint64 quantity) external {
        _requireToken();
        for (uint256 i = 0; i < marks.length; ++i) {
            _useMark(marks[i], account, quantity);
        }
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
    function licence(bytes32 mark, address licensee) public view returns (Licence memory found) {
        Licence storage stored = _licences[mark][licensee];
        if (stored.tenure == _tenures[mark].number) return stored;
    }

    /// @inheritdoc ITrademarkRegistry
    function isUsable(bytes32 mark, address account) public view returns (bool) {
        Mark storage stored = _marks[mark];
        return _stands(stored) && (stored.holder == account || licence(mark, account).until > block.timestamp);
    }

    /// @inheritdoc ITrademarkRegistry
    function requireUsable(bytes32[] calldata marks, address account, uint64 since) external view {
        for (uint256 i = 0; i < marks.length; ++i) {
            bool isKept = _marks[marks[i]].holder == account || _tenures[marks[i]].since <= since;
            if (!isKept || !isUsable(marks[i], account)) revert MarkNotUsable(marks[i], account);
        }
    }

    /// @dev Under a licence that quantity is taken from.
    function _useMark(bytes32 mark, address account, uint64 quantity) private {
        if (!isUsable(mark, account)) revert MarkNotUsable(mark, account);
        if (_marks[mark].holder == account) return;
        Licence storage stored = _licences[mark][account];
        (uint64 ceiling, uint64 used) = (stored.ceiling, stored.used);
        if (quantity > ceiling - used) revert LicenceUsedUp(mark, account, ceiling - used, quantity);
        stored.used = used + quantity;
        emit LicenceUsed(mark, account, quantity, used + quantity);
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

    /// @dev Ends every licence at once, also should the mark come back to `from`.
    function _endTenure(bytes32 mark, address from, address to) private {
        _tenures[mark] = Tenure(_tenures[mark].number + 1, uint64(block.timestamp));
        if (from != address(0)) emit MarkTransferred(mark, from, to);
    }

    function _requireHolder(bytes32 mark, address account) private view {
        if (_marks[mark].holder != account) revert NotMarkHolder(mark, account);
    }

    function _stands(Mark storage mark) private view returns (bool) {
        return mark.status == MarkStatus.Active && mark.validFrom <= block.timestamp
            && block.timestamp < mark.validUntil;
    }

    /// @dev The chain of successors is as long as the governor made it.
    function _requireToken() private view {
        address token = _token;
        while (token != msg.sender) {
            if (token.code.length != 0) token = IProductToken(token).successor();
            else revert NotToken(msg.sender);
        }
    }
}
