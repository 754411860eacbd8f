// Inspection: LLDP frames (parsed, and received on a veth pair in a network namespace), SMBIOS, and the JSON
// in Ironic's form.
#include "agent/hardware/inspection/dmi_table.h"
#include "agent/hardware/inspection/inspect_step.h"
#include "agent/hardware/inspection/inspection.h"
#include "agent/hardware/inspection/links_up.h"
#include "agent/hardware/inspection/lldp_listener.h"
#include "common/text/text.h"
#include "tests/agent/step_world.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>
#include <thread>

using namespace bm::agent;
namespace wire = bm::wire;
namespace fs = std::filesystem;
using bm::model::Deadline;
using nlohmann::json;
using namespace std::string_literals;
using namespace std::chrono_literals;

namespace {

std::string tlv(unsigned type, const std::string& value)
{
    const unsigned head = type << 9U | static_cast<unsigned>(value.size());
    return std::string{static_cast<char>(head >> 8U), static_cast<char>(head & 0xffU)} + value;
}

std::string frameOf(const std::string& tlvs)
{
    return "\x01\x80\xc2\x00\x00\x0e\x52\x54\x00\x00\x00\x01\x88\xcc"s + tlvs;
}

const std::string kHead =
    tlv(1, "\x04\x52\x54\x00\x12\x34\x56"s) + tlv(2, "\x05"s + "Ethernet1/7") + tlv(3, "\x00\x78"s);
const std::string kFrame =
    frameOf(kHead + tlv(4, "to rack1-07") + tlv(5, "leaf-3\x1b[2J"s) + tlv(6, "A Switch") +
            tlv(8, "\x05\x01\x0a\x00\x04\x02\x02\x00\x00\x00\x01\x00"s) +
            tlv(127, "\x00\x80\xc2\x01\x00\x2a"s) + tlv(0, ""));

std::optional<LldpFrame> parsed(const std::string& text)
{
    return parseLldpFrame(std::as_bytes(std::span(text)));
}

void runIp(const std::vector<std::string>& words)
{
    std::vector<std::string> argv = {"ip"};
    argv.insert(argv.end(), words.begin(), words.end());
    const bm::platform::Exit exit =
        bm::platform::makeExec(bm::platform::kAllCapabilities)->run({argv}, Deadline::in(10s));
    if (exit.code != 0)
        throw std::runtime_error(exit.err);
}

void sendOn(const std::string& interface, const std::string& frame)
{
    const bm::platform::Fd socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_protocol = htons(0x88cc);
    to.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
    ::sendto(socket.get(), frame.data(), frame.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
}

/// Runs @p work on a thread in a new network namespace, which ends with the thread. @return the error, if any
std::string inNamespace(const std::function<void()>& work)
{
    std::string failure;
    std::thread([&] {
        try {
            if (::unshare(CLONE_NEWNET) != 0)
                throw std::runtime_error("unshare: needs root");
            runIp({"link", "add", "bm-a", "type", "veth", "peer", "name", "bm-b"});
            runIp({"link", "set", "bm-b", "up"});
            work();
        } catch (const std::exception& error) {
            failure = error.what();
        }
    }).join();
    return failure;
}

class FakeRoots {
public:
    void put(const std::string& path, const std::string& text) const
    {
        const fs::path file = folder_.path() / path;
        fs::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << text;
    }
    SystemRoots roots() const { return {folder_.path() / "sys", folder_.path() / "proc", "/dev"}; }

private:
    bm::platform::TemporaryFolder folder_{"bm-inspect"};
};

wire::Nic nicOf(const std::string& name, const std::string& mac)
{
    wire::Nic nic;
    nic.name = name;
    nic.mac = mac;
    return nic;
}

wire::Disk diskOf(const std::string& name, std::uint64_t bytes)
{
    wire::Disk disk;
    disk.name = name;
    disk.sizeBytes = bytes;
    return disk;
}

std::string memoryDevice(unsigned size, std::uint32_t extended = 0)
{
    std::string out(0x22, '\0');
    out[0] = 17;
    out[1] = 0x22;
    out[0x0c] = static_cast<char>(size & 0xffU);
    out[0x0d] = static_cast<char>(size >> 8U);
    for (unsigned i = 0; i < 4; ++i)
        out[0x1c + i] = static_cast<char>(extended >> (8U * i));
    return out + "DIMM 0\0A Vendor\0\0"s;
}

std::optional<std::uint64_t> memoryOf(const std::string& table)
{
    return installedMemoryMib(std::as_bytes(std::span(table)));
}

} // namespace

TEST_CASE("an LLDP frame", "[agent][inspect]")
{
    const std::optional<LldpFrame> frame = parsed(kFrame);
    REQUIRE(frame);
    CHECK(frame->chassisId == "52:54:00:12:34:56");
    CHECK(frame->portId == "Ethernet1/7");
    CHECK(frame->ttlSeconds == 120);
    CHECK(frame->portDescription == "to rack1-07");
    CHECK(frame->systemName == "leaf-3?[2J"); // no control character
    CHECK(frame->systemDescription == "A Switch");
    CHECK(frame->managementAddress == "10.0.4.2");
    CHECK(frame->portVlanId == 42U);
    REQUIRE(frame->tlvs.size() == 8);
    CHECK(bm::text::toHex(frame->tlvs[0].value) == "04525400123456");
    SECTION("may be tagged, and may lack its end marker")
    {
        std::string tagged = kFrame;
        tagged.insert(12, "\x81\x00\x00\x07"s);
        CHECK(parsed(tagged)->portId == "Ethernet1/7");
        CHECK(parsed(frameOf(kHead))->tlvs.size() == 3);
    }
    SECTION("cut anywhere is refused or read up to its last whole part")
    {
        for (std::size_t length = 0; length < kFrame.size(); ++length) {
            const std::optional<LldpFrame> cut = parsed(kFrame.substr(0, length));
            CHECK((!cut || cut->portId == "Ethernet1/7"));
        }
    }
    SECTION("must begin with chassis, port and time to live, and be of LLDP's type")
    {
        CHECK_FALSE(parsed(frameOf(tlv(2, "\x05"s) + tlv(1, "\x04"s) + tlv(3, "\x00\x78"s))));
        CHECK_FALSE(parsed(frameOf("")));
        std::string other = kFrame;
        other[12] = '\x08';
        CHECK_FALSE(parsed(other));
    }
}

TEST_CASE("LLDP is received on a link", "[agent][inspect]")
{
    StepWorld world;
    std::map<std::string, LldpFrame> heard;
    const std::string failure = inNamespace([&] {
        const LinksUp up({"bm-a"}, world.log);
        CHECK(up.any());
        const std::jthread other([](const std::stop_token& stop) {
            for (int i = 0; i < 400 && !stop.stop_requested(); ++i) {
                sendOn("bm-b", kFrame);
                std::this_thread::sleep_for(20ms);
            }
        });
        heard = listenForLldp({"bm-a", "bm-none"}, world.log, Deadline::in(8s));
    });
    REQUIRE(failure.empty());
    REQUIRE(heard.contains("bm-a"));
    CHECK(heard.at("bm-a").systemName == "leaf-3?[2J");
    CHECK(heard.size() == 1);
    CHECK(world.log.tail().find("cannot listen for LLDP on bm-none") != std::string::npos);
}

TEST_CASE("the machine's own LLDP frames are not its switch's", "[agent][inspect]")
{
    StepWorld world;
    std::map<std::string, LldpFrame> heard;
    bool wentDown = false;
    const std::string failure = inNamespace([&] {
        {
            const LinksUp up({"bm-a"}, world.log);
            const std::jthread self([](const std::stop_token& stop) {
                for (int i = 0; i < 100 && !stop.stop_requested(); ++i) {
                    sendOn("bm-a", kFrame);
                    std::this_thread::sleep_for(5ms);
                }
            });
            heard = listenForLldp({"bm-a"}, world.log, Deadline::in(300ms));
        }
        wentDown = LinksUp({"bm-a"}, world.log).any();
    });
    REQUIRE(failure.empty());
    CHECK(heard.empty());
    CHECK(wentDown);
}

TEST_CASE("memory modules by SMBIOS", "[agent][inspect]")
{
    const std::string other = "\x01\x04\x00\x00some\0text\0\0"s;
    CHECK(memoryOf(other + memoryDevice(8192) + memoryDevice(0) + memoryDevice(0x7fff, 65536)) == 73728U);
    CHECK(memoryOf(memoryDevice(0x8000U | 2048U)) == 2U);
    CHECK_FALSE(memoryOf(memoryDevice(0xffff)));
    CHECK_FALSE(memoryOf(""));
    CHECK_FALSE(memoryOf("\x11\x03\x00\x00"s));
    CHECK_FALSE(memoryOf("\x11\x22\x00\x00"s));
    CHECK_FALSE(memoryOf("\x7f\x04\x00\x00\0\0"s + memoryDevice(8192)));
}

TEST_CASE("facts of the machine", "[agent][inspect]")
{
    const FakeRoots system;
    system.put("proc/cpuinfo",
               "processor\t: 0\ncpu MHz\t\t: 2100.000\nflags\t\t: fpu vme sse2\nflags\t\t: other\n");
    system.put("sys/class/dmi/id/bios_vendor", "Dell Inc.\n");
    system.put("sys/class/dmi/id/bios_version", "2.1.8\n");
    system.put("sys/class/dmi/id/bios_date", "04/30/2023\n");
    system.put("sys/class/dmi/id/board_serial", ".ABC.\n");
    system.put("sys/class/dmi/id/chassis_asset_tag", "R42\n");
    system.put("sys/class/tpm/tpm0/tpm_version_major", "2\n");
    system.put("sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", "\x06\0\0\0\x01"s);
    system.put("sys/firmware/dmi/tables/DMI", memoryDevice(4096));
    const MachineFacts facts = readMachineFacts(system.roots());
    CHECK(facts.cpuMhz == "2100.000");
    CHECK(facts.cpuFlags == std::vector<std::string>{"fpu", "vme", "sse2"});
    CHECK(facts.biosVendor == "Dell Inc.");
    CHECK(facts.board.serial == ".ABC.");
    CHECK(facts.chassis.assetTag == "R42");
    CHECK(facts.tpm);
    CHECK(facts.tpmVersion == "2");
    CHECK(facts.secureBoot == true);
    CHECK(facts.installedMemoryMib == 4096U);
    CHECK_FALSE(facts.hostname.empty());
    system.put("sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "3600000\n");
    CHECK(readMachineFacts(system.roots()).cpuMhz == "3600.0000");
    CHECK_FALSE(readMachineFacts({"/nowhere", "/nowhere", "/dev"}).secureBoot);
}

TEST_CASE("an inspection in Ironic's shape", "[agent][inspect]")
{
    Inspection found;
    found.inventory.cpus = 2;
    found.inventory.memoryBytes = 4ULL << 30U;
    found.inventory.bootInterface = "52:54:00:90:35:d6";
    found.inventory.nics = {nicOf("eth0", "52:54:00:90:35:d6"), nicOf("eth1", "52:54:00:90:35:d7")};
    found.inventory.nics[0].speedMbps = 1000;
    found.inventory.nics[0].carrier = true;
    found.inventory.disks = {diskOf("/dev/vda", 1024)};
    found.addresses = {{"eth0.7", "52:54:00:90:35:d6", "192.168.122.128", "fe80::1"}};
    found.nicIds = {{"eth0", {"0x1af4", "0x0001"}}};
    const json plain = toIronicJson(found)["inventory"];
    CHECK(plain["interfaces"][0]["ipv4_address"] == "192.168.122.128");
    CHECK(plain["interfaces"][0]["has_carrier"] == true);
    CHECK(plain["interfaces"][0]["vendor"] == "0x1af4");
    CHECK(plain["interfaces"][0]["speed_mbps"] == 1000);
    CHECK(plain["interfaces"][0]["lldp"].is_null());
    CHECK(plain["interfaces"][1]["vendor"].is_null());
    CHECK(plain["interfaces"][1]["speed_mbps"].is_null());
    CHECK(plain["cpu"]["count"] == 2);
    CHECK(plain["cpu"]["model_name"].is_null());
    CHECK(plain["disks"][0]["size"] == 1024);
    CHECK(plain["disks"][0]["wwn"].is_null());
    CHECK(plain["memory"]["physical_mb"] == 4096);
    CHECK(plain["boot"]["pxe_interface"] == "52:54:00:90:35:d6");
    CHECK(plain["system_vendor"]["firmware"]["version"].is_null());
    CHECK(plain.contains("bmc_address"));
    found.askedLldp = true;
    found.lldp.emplace("eth0", *parsed(kFrame));
    const json asked = toIronicJson(found)["inventory"]["interfaces"];
    CHECK(asked[0]["lldp"][0] == json::parse(R"([1, "04525400123456"])"));
    CHECK(asked[0]["lldp_neighbor"]["port_id"] == "Ethernet1/7");
    CHECK(asked[0]["lldp_neighbor"]["port_vlan_id"] == 42);
    CHECK(asked[1]["lldp"] == json::array());
}

TEST_CASE("the step inspect", "[agent][inspect]")
{
    StepWorld world;
    world.disks = {diskOf("/dev/sda", 1)};
    const json result = world.run(inspectStep);
    CHECK(result["inventory"]["disks"][0]["name"] == "/dev/sda");
    CHECK(result["inventory"]["cpu"]["count"] > 0);
    CHECK(result["inventory"]["hostname"].is_string());
    CHECK(world.failure(inspectStep, {{"lldp_seconds", 100000}}).code() ==
          bm::model::ErrorCode::InvalidInput);
}
