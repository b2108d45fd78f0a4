// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AlertRegister} from "../../../src/AlertRegister.sol";
import {Claims} from "../../../src/Claims.sol";
import {CustomsRegister} from "../../../src/CustomsRegister.sol";
import {Handovers} from "../../../src/Handovers.sol";
import {ItemStatus} from "../../../src/ItemStatus.sol";
import {LogisticUnits} from "../../../src/LogisticUnits.sol";
import {ProductToken} from "../../../src/ProductToken.sol";
import {Checks} from "./Checks.sol";
import {System} from "./System.sol";

/// @title The contracts that go on with series of a first set, on the same registries
contract SecondSet is Checks {
    ProductToken public immutable token;
    ItemStatus public immutable status;
    LogisticUnits public immutable units;
    Handovers public immutable handovers;
    Claims public immutable claims;
    CustomsRegister public immutable customs;
    AlertRegister public immutable alerts;

    constructor(System first) {
        address[8] memory at_;
        for (uint256 i = 1; i < 8; ++i) at_[i] = _created(i);
        address[] memory modules = new address[](4);
        (modules[0], modules[1], modules[2], modules[3]) = (at_[4], at_[3], at_[5], at_[6]);
        token = new ProductToken(first.trust(), first.brands(), first.marks(), ItemStatus(at_[2]), modules, first.token());
        status = new ItemStatus(first.trust(), token, first.marks(), LogisticUnits(at_[3]), at_[6], first.status());
        units = new LogisticUnits(first.trust(), token, status, at_[4], at_[6], AlertRegister(at_[7]));
        handovers = new Handovers(first.trust(), token, status, units, AlertRegister(at_[7]));
        claims = new Claims(first.trust(), token, status, first.claims());
        customs = new CustomsRegister(first.trust(), token, status, units);
        (modules[0], modules[1], modules[2], modules[3]) = (at_[4], at_[3], at_[2], at_[6]);
        alerts = new AlertRegister(first.trust(), modules, 500);
        _same("last contract", address(alerts), at_[7]);
    }

    /// @dev The address of what this contract creates with `nonce`, 1 to 127 (yellow paper, section 7).
    function _created(uint256 nonce) private view returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", address(this), uint8(nonce))))));
    }
}
