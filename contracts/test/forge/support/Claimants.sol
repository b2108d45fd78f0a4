// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Claims} from "../../../src/Claims.sol";
import {Claim, ClaimTransfer, LeafProof} from "../../../src/types/Claim.sol";
import {Purpose} from "../../../src/types/Custody.sol";
import {Flag} from "../../../src/types/Status.sol";
import {Handler} from "./Handler.sol";
import {Leaves} from "./Leaves.sol";
import {Model} from "./Model.sol";
import {UnitModel} from "./UnitModel.sol";

/// @title Consumers: they claim with the hidden code, sell on, give back; brands issue codes anew
contract Claimants is Handler, Leaves {
    /// @dev What should be on record of an item with a code.
    struct Twin {
        bool claimed;
        uint256 turn;
        uint256 reissued;
    }

    Claims private immutable _claims;

    mapping(uint256 item => Twin) private _twins;
    uint256 private _owners;

    constructor(Model model, UnitModel units) Handler(model, units, 1 << 120) {
        _claims = model.system().claims();
    }

    /// @notice A shop puts an item with a code on its shelf.
    function shelve(uint256 seed) external told {
        (bool found, Goods memory goods,) = _coded(seed);
        if (!found || _secretOf(goods.holder) == 0) return;
        bool expected = _model.isRunning() && _movable(goods, Purpose.Sale);
        bytes memory call = abi.encodeCall(_handovers.releaseToSale, (_lines(goods)));
        if (!_judge("shelve", _try(goods.holder, address(_handovers), call), expected)) return;
        _model.release(goods.series, goods.low, goods.high, goods.holder);
        _model.flag(goods.series, goods.low, goods.high, Flag.Released, address(0), true);
    }

    /// @notice Somebody who scratched the code free claims the item for a fresh address.
    function claim(uint256 seed) external told {
        (bool found, Goods memory goods, LeafProof memory proof) = _coded(seed);
        if (!found) return;
        (uint256 item,) = _model.range(goods.series, goods.low, goods.low);
        Twin storage twin = _twins[item];
        bool expected = !twin.claimed && twin.turn == 0 && _isOnSale(goods);
        (Claim memory value, uint256 owner) = _claimOf(item);
        bytes memory byKey = _signed(_codeOf(goods.series, goods.low), _claims.claimHash(value));
        bytes memory byOwner = _signed(owner, _claims.claimHash(value));
        bool passed = _attempt(address(_claims), abi.encodeCall(_claims.claim, (value, proof, byKey, byOwner)));
        if (_judge("claim", passed, expected)) _own(goods, item, owner);
    }

    /// @notice The brand issues a code anew for an item that came back.
    function reissue(uint256 seed) external {
        (bool found, Goods memory goods,) = _coded(seed);
        if (!found) return;
        (uint256 item,) = _model.range(goods.series, goods.low, goods.low);
        Twin storage twin = _twins[item];
        uint256 code = 0xc0deffff0000 + ++_owners;
        bool expected = !twin.claimed && twin.turn != 0 && _model.isRunning();
        bytes memory call = abi.encodeCall(_claims.reissue, (item, VM.addr(code)));
        if (_judge("reissue", _try(VM.addr(_system.BRAND()), address(_claims), call), expected)) twin.reissued = code;
    }

    /// @notice Somebody claims with a code issued anew.
    function claimReissued(uint256 seed) external told {
        (bool found, Goods memory goods,) = _coded(seed);
        if (!found) return;
        (uint256 item,) = _model.range(goods.series, goods.low, goods.low);
        Twin storage twin = _twins[item];
        if (twin.reissued == 0) return;
        bool expected = !twin.claimed && _isOnSale(goods);
        (Claim memory value, uint256 owner) = _claimOf(item);
        bytes memory byKey = _signed(twin.reissued, _claims.claimHash(value));
        bytes memory byOwner = _signed(owner, _claims.claimHash(value));
        bool passed = _attempt(address(_claims), abi.encodeCall(_claims.claimReissued, (value, byKey, byOwner)));
        if (_judge("claim anew", passed, expected)) _own(goods, item, owner);
    }

    /// @notice An owner sells on.
    function resell(uint256 seed) external told {
        (bool found, Goods memory goods,) = _coded(seed);
        if (!found || _model.ownerKey(goods.holder) == 0) return;
        (uint256 item,) = _model.range(goods.series, goods.low, goods.low);
        Twin storage twin = _twins[item];
        uint256 buyer = _freshOwner();
        uint64 deadline = uint64(block.timestamp + 1 days);
        ClaimTransfer memory value = ClaimTransfer(item, goods.holder, VM.addr(buyer), twin.turn, deadline);
        bytes32 hash = _claims.claimTransferHash(value);
        bytes memory bySeller = _signed(_model.ownerKey(goods.holder), hash);
        bytes memory call = abi.encodeCall(_claims.transferClaimed, (value, bySeller, _signed(buyer, hash)));
        bool passed = _attempt(address(_claims), call);
        bool expected = twin.claimed && _model.isRunning() && _movable(goods, Purpose.Sale);
        if (!_judge("resale", passed, expected)) return;
        ++twin.turn;
        _give(goods, buyer);
        passed = _attempt(address(_claims), call);
        if (passed) _model.report("a resale acted twice");
    }

    /// @notice An owner gives an item back to a party that agreed to that.
    function unclaim(uint256 seed) external told {
        (bool found, Goods memory goods,) = _coded(seed);
        if (!found || _model.ownerKey(goods.holder) == 0) return;
        (uint256 item,) = _model.range(goods.series, goods.low, goods.low);
        address to = _trader(_next(seed));
        _as(to);
        _claims.openToReturn(item, uint64(block.timestamp + 1));
        bool expected = _twins[item].claimed && _model.isRunning() && _trust.mayTakeOn(to)
            && _movableTo(goods, Purpose.Return, to);
        bool passed = _try(goods.holder, address(_claims), abi.encodeCall(_claims.unclaim, (item, to)));
        if (!_judge("unclaim", passed, expected)) return;
        (_twins[item].claimed, _twins[item].turn) = (false, _twins[item].turn + 1);
        _model.give(goods.series, goods.low, goods.low, to);
    }

    /// @notice A stranger claims: with no code, with the code of another item, at another index, with a cut path.
    function guess(uint256 seed) external {
        (bool found, Goods memory goods, LeafProof memory proof) = _coded(seed);
        if (!found) return;
        (uint256 item,) = _model.range(goods.series, goods.low, goods.low);
        _mustFail("a guessed code", item, proof, 0xbad);
        uint256 code = _codeOf(goods.series, goods.low);
        _mustFail("a code at another index", item + 1, proof, code);
        _mustFail("a code in another series", item ^ (3 << 24), proof, code);
        proof.claimKey = VM.addr(0xbad);
        _mustFail("a leaf with another key", item, proof, 0xbad);
        proof.claimKey = VM.addr(code);
        if (proof.path.length == 0) return;
        bytes32[] memory cut = new bytes32[](proof.path.length - 1);
        for (uint256 i = 0; i < cut.length; ++i) cut[i] = proof.path[i];
        proof.path = cut;
        _mustFail("a cut path", item, proof, code);
    }

    function _mustFail(string memory what, uint256 item, LeafProof memory proof, uint256 code) private {
        (Claim memory value, uint256 owner) = _claimOf(item);
        bytes32 hash = _claims.claimHash(value);
        bytes memory call = abi.encodeCall(_claims.claim, (value, proof, _signed(code, hash), _signed(owner, hash)));
        bool passed = _attempt(address(_claims), call);
        if (passed) _model.report(what);
        else _model.tally("refused claim");
    }

    function _claimOf(uint256 item) private returns (Claim memory, uint256 owner) {
        owner = _freshOwner();
        return (Claim(item, VM.addr(owner), _twins[item].turn, uint64(block.timestamp + 1 days)), owner);
    }

    function _own(Goods memory goods, uint256 item, uint256 owner) private {
        _twins[item] = Twin(true, _twins[item].turn + 1, 0);
        _give(goods, owner);
    }

    function _give(Goods memory goods, uint256 owner) private {
        _model.addOwner(VM.addr(owner), owner);
        _model.give(goods.series, goods.low, goods.low, VM.addr(owner));
    }

    function _freshOwner() private returns (uint256) {
        return 0xf0000000 + ++_owners;
    }

    function _isOnSale(Goods memory goods) private view returns (bool) {
        return _model.isRunning() && _secretOf(goods.holder) != 0
            && _model.releasedBy(goods.series, goods.low) == goods.holder && _movable(goods, Purpose.Sale);
    }

    function _signed(uint256 secret, bytes32 structHash) private view returns (bytes memory) {
        return _system.signatureFor(address(_claims), secret, structHash);
    }

    /// @dev The item with a code in one of the segments, and its proof.
    function _coded(uint256 seed) private view returns (bool, Goods memory goods, LeafProof memory proof) {
        uint256 segments = _model.segmentCount();
        if (segments == 0) return (false, goods, proof);
        (uint256 series, uint256 low, uint256 count) = _model.segments(_below(seed, segments));
        uint256 stretch = _codedIn(_model, low, count);
        if (stretch == NO_STRETCH) return (false, goods, proof);
        goods = Goods(series, stretch, stretch, _model.holder(series, stretch));
        return (true, goods, _proofOf(_model, series, stretch, low, count));
    }
}
