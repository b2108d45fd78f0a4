// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBrandRegistry} from "../../src/interfaces/IBrandRegistry.sol";
import {IItemStatus} from "../../src/interfaces/IItemStatus.sol";
import {IProductToken} from "../../src/interfaces/IProductToken.sol";
import {ITrademarkRegistry} from "../../src/interfaces/ITrademarkRegistry.sol";
import {ITrustRegistry} from "../../src/interfaces/ITrustRegistry.sol";
import {ProductToken} from "../../src/ProductToken.sol";
import {Vm} from "./support/Vm.sol";

/// @title Registries that agree to everything: every answer is 1, every account is address 1
contract AgreesToAll {
    /// @notice Answers with words of 1.
    fallback(bytes calldata) external returns (bytes memory) {
        return abi.encode(1, 1, 1, 1);
    }
}

/// @title What halmos proves about the token's books
/// @notice Two items each with three holders, then one step: for all holders, givers, receivers, bystanders and ranges.
contract TokenSymbolicTest {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    address private constant BRAND = address(1);
    uint256 private constant FIRST = 1 << 24;
    uint256 private constant END = 6;

    ProductToken private _token;

    /// @notice Six items of the brand; this contract is the token's module.
    function setUp() external {
        address agrees = address(new AgreesToAll());
        address[] memory modules = new address[](1);
        modules[0] = address(this);
        _token = new ProductToken(
            ITrustRegistry(agrees),
            IBrandRegistry(agrees),
            ITrademarkRegistry(agrees),
            IItemStatus(agrees),
            modules,
            IProductToken(address(0))
        );
        bytes32[] memory marks = new bytes32[](1);
        _token.openSeries(9_506_000_134_352, 7, marks, uint32(END));
        _token.commission(1, uint32(END), bytes32(uint256(1)), 0, 0, 0, BRAND);
    }

    /// @notice Conservation and frame: after a move the balances of giver and receiver are what they hold, and a
    /// bystander's is what it was.
    function check_booksAfterAMove(address second, address third, uint8[2] calldata ends, address from, address to)
        external
    {
        _start(second, third);
        (uint256 first, uint256 last) = _range(ends);
        uint256 bystander = _token.balanceOf(second);
        _token.move(first, last, from, to, 0);
        if (second != from && second != to) assert(_token.balanceOf(second) == bystander);
        assert(_token.balanceOf(to) == _count(to));
        assert(_token.balanceOf(from) == _count(from));
    }

    /// @notice Consent: nobody but a module moves anything.
    function check_onlyModulesMove(address stranger, uint256 first, uint256 last, address from, address to) external {
        VM.assume(stranger != address(this));
        VM.prank(stranger);
        (bool passed,) = address(_token).call(abi.encodeCall(_token.move, (first, last, from, to, 0)));
        assert(!passed);
    }

    function _start(address second, address third) private {
        VM.assume(second != BRAND && second != address(0) && third != BRAND && third != address(0));
        _token.move(FIRST + 2, FIRST + 3, BRAND, second, 0);
        _token.move(FIRST + 4, FIRST + 5, BRAND, third, 0);
    }

    /// @dev Each range by itself, so that positions are numbers and not unknowns.
    function _range(uint8[2] calldata ends) private pure returns (uint256, uint256) {
        for (uint256 first = 0; first < END; ++first) {
            for (uint256 last = first; last < END; ++last) {
                if (ends[0] == first && ends[1] == last) return (FIRST + first, FIRST + last);
            }
        }
        VM.assume(false);
        return (0, 0);
    }

    function _count(address holder) private view returns (uint256 items) {
        for (uint256 i = 0; i < END; ++i) {
            if (_token.ownerOf(FIRST + i) == holder) ++items;
        }
    }
}
