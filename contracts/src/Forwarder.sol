// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC2771Forwarder} from "@openzeppelin/contracts/metatx/ERC2771Forwarder.sol";

/// @title Forwarder
/// @notice Carries signed calls for those who cannot send transactions themselves. EIP-712 domain: Countermark, 1.
contract Forwarder is ERC2771Forwarder {
    constructor() ERC2771Forwarder("Countermark") {}

    /// @dev Precompiles have no code, and some answer any question with something that reads as yes.
    function _isTrustedByTarget(address target) internal view override returns (bool) {
        return target.code.length != 0 && super._isTrustedByTarget(target);
    }
}
