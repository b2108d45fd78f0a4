// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC721Consecutive} from "@openzeppelin/contracts/token/ERC721/extensions/ERC721Consecutive.sol";
import {ERC721A} from "erc721a/contracts/ERC721A.sol";
import {ERC721 as SoladyErc721} from "solady/src/tokens/ERC721.sol";

/// @title OpenZeppelin ERC721, minting one item after the other
contract PeerOpenZeppelin721 is ERC721("Peer", "P") {
    uint256 private _next;

    /// @notice Mints `count` items to `to`. Anyone: nothing is checked that the peer does not check itself.
    function mint(address to, uint256 count) external {
        uint256 next = _next;
        for (uint256 i = 0; i < count; ++i) _mint(to, next + i);
        _next = next + count;
    }
}

/// @title OpenZeppelin ERC721Consecutive, which mints runs, in its constructor only
contract PeerConsecutive721 is ERC721Consecutive {
    /// @param count 0: nothing is minted
    constructor(address to, uint96 count) ERC721("Peer", "P") {
        if (count != 0) _mintConsecutive(to, count);
    }

    function _maxBatchSize() internal pure override returns (uint96) {
        return type(uint96).max;
    }
}

/// @title OpenZeppelin ERC1155, an id for each item
contract PeerOpenZeppelin1155 is ERC1155("") {
    uint256 private _next;

    /// @notice Mints `count` new ids to `to`, one piece of each.
    function mint(address to, uint256 count) external {
        uint256 next = _next;
        (uint256[] memory ids, uint256[] memory values) = (new uint256[](count), new uint256[](count));
        for (uint256 i = 0; i < count; ++i) (ids[i], values[i]) = (next + i, 1);
        _next = next + count;
        _mintBatch(to, ids, values, "");
    }
}

/// @title ERC721A, which mints runs
contract PeerErc721A is ERC721A("Peer", "P") {
    /// @notice Mints `count` items to `to`.
    function mint(address to, uint256 count) external {
        _mint(to, count);
    }
}

/// @title Solady ERC721, minting one item after the other
contract PeerSolady721 is SoladyErc721 {
    uint256 private _next;

    /// @notice Mints `count` items to `to`.
    function mint(address to, uint256 count) external {
        uint256 next = _next;
        for (uint256 i = 0; i < count; ++i) _mint(to, next + i);
        _next = next + count;
    }

    /// @notice The collection's name.
    function name() public pure override returns (string memory) {
        return "Peer";
    }

    /// @notice The collection's symbol.
    function symbol() public pure override returns (string memory) {
        return "P";
    }

    /// @notice Nothing: the figures are about custody.
    function tokenURI(uint256) public pure override returns (string memory) {
        return "";
    }
}
