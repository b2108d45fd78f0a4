// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IDirectory} from "./interfaces/IDirectory.sol";
import {ITrustRegistry} from "./interfaces/ITrustRegistry.sol";
import {TrustBound} from "./TrustBound.sol";
import {Roles, Scopes} from "./types/Access.sol";

/// @title Directory
/// @notice The one address that participants need to know.
contract Directory is IDirectory, TrustBound {
    uint64 private constant LEAST_DELAY = 1 days;

    struct Entry {
        address target;
        uint64 activeFrom;
    }

    uint64 private immutable _delay;
    bytes32[] private _names;
    /// @dev In order of `activeFrom`: the delay never changes.
    mapping(bytes32 name => Entry[]) private _entries;

    /// @param delay_ seconds between announcement and effect, a day or more
    /// @param names ASCII, left-aligned
    /// @param targets where they lead, at once
    constructor(ITrustRegistry trust, uint64 delay_, bytes32[] memory names, address[] memory targets)
        TrustBound(trust)
    {
        if (delay_ < LEAST_DELAY) revert DelayTooShort(delay_, LEAST_DELAY);
        if (names.length != targets.length) revert EntriesUneven(names.length, targets.length);
        _delay = delay_;
        for (uint256 i = 0; i < names.length; ++i) {
            _append(names[i], targets[i], uint64(block.timestamp));
        }
    }

    /// @inheritdoc IDirectory
    function announce(bytes32 name, address target) external {
        _accreditedCaller(Scopes.ADMIN, Roles.GOVERNOR);
        _append(name, target, uint64(block.timestamp) + _delay);
    }

    /// @inheritdoc IDirectory
    function current(bytes32 name) external view returns (address) {
        Entry[] storage entries = _entries[name];
        (uint256 active, uint256 end) = (0, entries.length);
        while (active < end) {
            uint256 middle = Math.average(active, end);
            if (entries[middle].activeFrom <= block.timestamp) active = middle + 1;
            else end = middle;
        }
        if (active == 0) revert UnknownName(name);
        return entries[active - 1].target;
    }

    /// @inheritdoc IDirectory
    function history(bytes32 name, uint256 number) external view returns (address target, uint64 activeFrom) {
        if (number >= _entries[name].length) revert UnknownEntry(name, number);
        Entry storage stored = _entries[name][number];
        return (stored.target, stored.activeFrom);
    }

    /// @inheritdoc IDirectory
    function count(bytes32 name) external view returns (uint256) {
        return _entries[name].length;
    }

    /// @inheritdoc IDirectory
    function delay() external view returns (uint64) {
        return _delay;
    }

    /// @inheritdoc IDirectory
    function nameCount() external view returns (uint256) {
        return _names.length;
    }

    /// @inheritdoc IDirectory
    function nameAt(uint256 number) external view returns (bytes32) {
        if (number >= _names.length) revert UnknownNumber(number, _names.length);
        return _names[number];
    }

    function _append(bytes32 name, address target, uint64 activeFrom) private {
        if (name == 0) revert NameMissing(target);
        if (target == address(0)) revert TargetMissing(name);
        if (_entries[name].length == 0) _names.push(name);
        _entries[name].push(Entry(target, activeFrom));
        emit Announced(name, target, activeFrom);
    }
}
