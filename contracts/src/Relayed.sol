// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Relayed
/// @notice Calls through one ERC-2771 forwarder count as calls by the signer; a relay carries and holds no role.
abstract contract Relayed {
    uint256 private constant SUFFIX = 20;

    address private immutable _forwarder;

    constructor(address forwarder_) {
        _forwarder = forwarder_;
    }

    /// @notice ERC-2771: whether `candidate` may say on whose behalf it calls.
    function isTrustedForwarder(address candidate) public view returns (bool) {
        return candidate == _forwarder;
    }

    /// @dev Who really calls. Nothing but this may decide whose key acts.
    function _sender() internal view returns (address) {
        if (!isTrustedForwarder(msg.sender) || msg.data.length < SUFFIX) return msg.sender;
        return address(bytes20(msg.data[msg.data.length - SUFFIX:]));
    }

    function _trustedForwarder() internal view returns (address) {
        return _forwarder;
    }
}
