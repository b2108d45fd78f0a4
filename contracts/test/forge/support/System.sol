// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AlertRegister} from "../../../src/AlertRegister.sol";
import {BrandRegistry} from "../../../src/BrandRegistry.sol";
import {Claims} from "../../../src/Claims.sol";
import {CustomsRegister} from "../../../src/CustomsRegister.sol";
import {Forwarder} from "../../../src/Forwarder.sol";
import {Handovers} from "../../../src/Handovers.sol";
import {ItemStatus} from "../../../src/ItemStatus.sol";
import {LogisticUnits} from "../../../src/LogisticUnits.sol";
import {ProductToken} from "../../../src/ProductToken.sol";
import {TrademarkRegistry} from "../../../src/TrademarkRegistry.sol";
import {TrustRegistry} from "../../../src/TrustRegistry.sol";
import {Level} from "../../../src/types/Access.sol";
import {Handover, Receipt} from "../../../src/types/Custody.sol";
import {Checks} from "./Checks.sol";

/// @title All contracts that goods meet, wired as they are deployed, and a cast with keys
contract System is Checks {
    uint64 internal constant FOR_EVER = type(uint64).max;
    uint64 internal constant GTIN = 9_506_000_134_352;
    bytes32 internal constant MARK = "EM500000018012345";
    uint256 internal constant START = 1_800_000_000;

    /// @notice Secrets of the cast; the account is the key's address.
    uint256 public constant GOVERNOR = 0xa1;
    uint256 public constant REGISTRAR = 0xa2;
    uint256 public constant OFFICE = 0xa3;
    uint256 public constant CUSTOMS = 0xa4;
    uint256 public constant GUARDIAN = 0xa5;
    uint256 public constant OTHER_CUSTOMS = 0xa6;
    uint256 public constant SURVEILLANCE = 0xa7;
    uint256 public constant BRAND = 0xb1;
    uint256 public constant CARRIER = 0xb2;
    uint256 public constant RETAILER = 0xb3;
    uint256 public constant OUTSIDER = 0xb4;
    uint256 public constant HEIR = 0xb5;

    TrustRegistry public immutable trust;
    BrandRegistry public immutable brands;
    TrademarkRegistry public immutable marks;
    ProductToken public immutable token;
    ItemStatus public immutable status;
    LogisticUnits public immutable units;
    Handovers public immutable handovers;
    Claims public immutable claims;
    CustomsRegister public immutable customs;
    AlertRegister public immutable alerts;

    constructor() {
        VM.warp(START);
        address[11] memory at_;
        for (uint256 i = 0; i < 11; ++i) at_[i] = _created(i + 1);
        trust = new TrustRegistry(VM.addr(GOVERNOR), at_[1]);
        new Forwarder();
        brands = new BrandRegistry(trust);
        marks = new TrademarkRegistry(trust, at_[4]);
        address[] memory modules = _list(at_[7], at_[6], at_[8], at_[9]);
        token = new ProductToken(trust, brands, marks, ItemStatus(at_[5]), modules, ProductToken(address(0)));
        status = new ItemStatus(trust, token, marks, LogisticUnits(at_[6]), at_[9], ItemStatus(address(0)));
        units = new LogisticUnits(trust, token, status, at_[7], at_[9], AlertRegister(at_[10]));
        handovers = new Handovers(trust, token, status, units, AlertRegister(at_[10]));
        claims = new Claims(trust, token, status, Claims(address(0)));
        customs = new CustomsRegister(trust, token, status, units);
        alerts = new AlertRegister(trust, _list(at_[7], at_[6], at_[5], at_[9]), 500);
        _same("last contract", address(alerts), at_[10]);
        _introduce();
    }

    /// @notice The EIP-712 digest of what is signed for the contract `at_`, on a chain of this number.
    function digest(address at_, bytes32 structHash, uint256 chain) public pure returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Countermark"),
                keccak256("1"),
                chain,
                at_
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    /// @notice A 65-byte signature for Handovers, on a chain of this number.
    function signature(uint256 secret, bytes32 structHash, uint256 chain) public view returns (bytes memory) {
        return _sign(secret, digest(address(handovers), structHash, chain));
    }

    /// @notice A 65-byte signature for the contract `at_`.
    function signatureFor(address at_, uint256 secret, bytes32 structHash) public view returns (bytes memory) {
        return _sign(secret, digest(at_, structHash, block.chainid));
    }

    /// @notice The call that carries a handover with the signatures of these two keys, for the contract `at_`.
    function papers(address at_, Handover memory handover, Receipt memory receipt, uint256 giver, uint256 taker)
        external
        view
        returns (bytes memory)
    {
        receipt.handover = handovers.handoverHash(handover);
        bytes memory first = signatureFor(at_, giver, receipt.handover);
        bytes memory second = signatureFor(at_, taker, handovers.receiptHash(receipt));
        return abi.encodeCall(Handovers.handOver, (handover, first, receipt, second));
    }

    /// @notice Gives a trading role to an account, by the brand.
    function introduce(address account, bytes32 role) public {
        VM.prank(VM.addr(BRAND));
        trust.grant(account, role, Level.Introduced, 0, FOR_EVER);
    }

    function _introduce() private {
        uint8[11] memory secrets = [0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xb1, 0xb2, 0xb3, 0xb4, 0xb5];
        for (uint256 i = 0; i < secrets.length; ++i) {
            VM.prank(VM.addr(secrets[i]));
            trust.registerAccount();
        }
        _grant(GOVERNOR, REGISTRAR, "identifier-registrar");
        _grant(GOVERNOR, OFFICE, "ip-office");
        _grant(GOVERNOR, CUSTOMS, "customs");
        _grant(GOVERNOR, OTHER_CUSTOMS, "customs");
        _grant(GOVERNOR, SURVEILLANCE, "market-surveillance");
        _grant(GOVERNOR, GUARDIAN, "guardian");
        _grant(OFFICE, BRAND, "brand");
        VM.prank(VM.addr(REGISTRAR));
        brands.assignPrefix(VM.addr(BRAND), 9_506_000, 7);
        VM.prank(VM.addr(GOVERNOR));
        marks.assignOffice("EM", VM.addr(OFFICE));
        VM.prank(VM.addr(OFFICE));
        marks.record(MARK, VM.addr(BRAND), bytes32(uint256(1)), 0, FOR_EVER);
        introduce(VM.addr(CARRIER), "carrier");
        introduce(VM.addr(RETAILER), "retailer");
        introduce(VM.addr(HEIR), "warehouse");
    }

    function _grant(uint256 by, uint256 to, bytes32 role) private {
        VM.prank(VM.addr(by));
        trust.grant(VM.addr(to), role, Level.Accredited, 0, FOR_EVER);
    }

    function _sign(uint256 secret, bytes32 digest_) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(secret, digest_);
        return abi.encodePacked(r, s, v);
    }

    /// @dev The address of what this contract creates with `nonce`, 1 to 127 (yellow paper, section 7).
    function _created(uint256 nonce) private view returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", address(this), uint8(nonce))))));
    }

    function _list(address a, address b, address c, address d) private pure returns (address[] memory list) {
        list = new address[](4);
        (list[0], list[1], list[2], list[3]) = (a, b, c, d);
    }
}
