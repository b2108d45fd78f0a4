// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ProductToken} from "../../src/ProductToken.sol";
import {TrustRegistry} from "../../src/TrustRegistry.sol";
import {Checks} from "./support/Checks.sol";
import {System} from "./support/System.sol";

/// @title An account with code that calls back while it receives
contract ReenteringReceiver {
    TrustRegistry private immutable _trust;

    /// @notice Calls to make, and whether each went through.
    bytes[] public calls;
    bool[] public passed;

    constructor(TrustRegistry trust) {
        _trust = trust;
        trust.registerAccount();
    }

    /// @notice Will try this while it receives.
    function plan(bytes calldata call) external {
        calls.push(call);
    }

    /// @notice Opens to a giver.
    function openTo(address from) external {
        _trust.openTo(from, type(uint64).max);
    }

    /// @notice ERC-721's hook: tries everything that was planned.
    function onERC721Received(address, address, uint256, bytes calldata) external returns (bytes4) {
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool went,) = msg.sender.call(calls[i]);
            passed.push(went);
        }
        return this.onERC721Received.selector;
    }
}

/// @title A receiver that re-enters gains nothing
contract ReentryTest is Checks {
    uint256 private constant FIRST = 1 << 24;

    System private _system;
    ProductToken private _token;
    ReenteringReceiver private _receiver;
    address private _brand;
    address private _carrier;

    /// @notice A series of 300 items in the brand's hands.
    function setUp() external {
        _system = new System();
        _token = _system.token();
        (_brand, _carrier) = (VM.addr(0xb1), VM.addr(0xb2));
        bytes32[] memory marks = new bytes32[](1);
        marks[0] = "EM500000018012345";
        VM.prank(_brand);
        _token.openSeries(9_506_000_134_352, 7, marks, 300);
        VM.prank(_brand);
        _token.commission(1, 300, bytes32(uint256(1)), 0, 0, 0, _brand);
        _receiver = new ReenteringReceiver(_system.trust());
        _system.introduce(address(_receiver), "retailer");
        _receiver.openTo(_brand);
    }

    /// @notice It can neither pull more from the giver, nor use the transfer twice, nor an approval that has ended.
    function testFuzz_receiverCannotTakeMoreThanItIsGiven(uint256 seed) external {
        uint256 given = FIRST + _below(seed, 300);
        uint256 other = FIRST + (given - FIRST + 1 + _below(_next(seed), 299)) % 300;
        VM.prank(_brand);
        _token.approve(address(_receiver), other);
        _receiver.plan(abi.encodeCall(_token.transferFrom, (_brand, address(_receiver), other)));
        _receiver.plan(abi.encodeCall(_token.transferFrom, (_brand, address(_receiver), given)));
        _receiver.plan(abi.encodeCall(_token.approve, (address(_receiver), other)));
        VM.prank(_brand);
        _token.safeTransferFrom(_brand, address(_receiver), given);
        for (uint256 i = 0; i < 3; ++i) _yes("refused", !_receiver.passed(i));
        _same("receiver's", _token.balanceOf(address(_receiver)), 1);
        _same("brand's", _token.balanceOf(_brand), 299);
        _same("other", _token.ownerOf(other), _brand);
    }

    /// @notice What it received is its own at once: passing it on from within the hook counts it once.
    function testFuzz_receiverMayPassOnWhatItReceived(uint256 seed) external {
        uint256 given = FIRST + _below(seed, 300);
        TrustRegistry trust = _system.trust();
        VM.prank(_carrier);
        trust.openTo(address(_receiver), type(uint64).max);
        _receiver.plan(abi.encodeCall(_token.transferFrom, (address(_receiver), _carrier, given)));
        VM.prank(_brand);
        _token.safeTransferFrom(_brand, address(_receiver), given);
        _yes("passed on", _receiver.passed(0));
        _same("holder", _token.ownerOf(given), _carrier);
        _same("receiver's", _token.balanceOf(address(_receiver)), 0);
        _same("carrier's", _token.balanceOf(_carrier), 1);
        _same("brand's", _token.balanceOf(_brand), 299);
    }
}
