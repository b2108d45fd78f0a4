// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAnchors} from "./interfaces/IAnchors.sol";
import {ITrustRegistry} from "./interfaces/ITrustRegistry.sol";
import {TrustBound} from "./TrustBound.sol";
import {Scopes} from "./types/Access.sol";
import {AnchorKind} from "./types/Anchor.sol";

/// @title Anchors
/// @notice Hashes with a time and an account.
contract Anchors is IAnchors, TrustBound {
    uint256 private constant MOST_ROOTS = 100;

    /// @dev Per account: else whoever sees a root on its way could take it first.
    mapping(address by => mapping(bytes32 root => uint64)) private _times;

    constructor(ITrustRegistry trust) TrustBound(trust) {}

    /// @inheritdoc IAnchors
    function anchor(bytes32 root, uint8 kind) external {
        address by = _anchorer(kind);
        uint64 time = _times[by][root];
        if (time != 0) revert AnchorExists(by, root, time);
        _times[by][root] = uint64(block.timestamp);
        _announce(root, by, kind);
    }

    /// @inheritdoc IAnchors
    function anchorMany(bytes32[] calldata roots, uint8 kind) external {
        address by = _anchorer(kind);
        if (roots.length == 0 || roots.length > MOST_ROOTS) revert AnchorCountOutOfRange(roots.length, MOST_ROOTS);
        for (uint256 i = 0; i < roots.length; ++i) {
            _announce(roots[i], by, kind);
        }
    }

    /// @inheritdoc IAnchors
    function anchoredAt(address by, bytes32 root) external view returns (uint64) {
        return _times[by][root];
    }

    function _announce(bytes32 root, address by, uint8 kind) private {
        if (root == 0) revert AnchorEmpty();
        emit Anchored(root, by, kind);
    }

    function _anchorer(uint8 kind) private view returns (address by) {
        by = _caller(Scopes.OPERATE);
        if (!_trust.mayTakeOn(by)) revert AnchorerNotActive(by);
        if (kind > uint8(type(AnchorKind).max)) revert AnchorKindUnknown(kind);
    }
}
