#include "agent/disk/path_id.h"

#include "agent/disk/inventory_reader.h"
#include "common/text/text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>
#include <optional>
#include <system_error>
#include <vector>

namespace bm::agent {

namespace fs = std::filesystem;

namespace {

/// Host, channel, target and LUN of a SCSI device.
struct ScsiAddress {
    std::array<std::uint32_t, 4> part{};
};

std::optional<ScsiAddress> scsiAddressOf(const std::string& name)
{
    ScsiAddress address;
    std::string_view rest = name;
    for (std::size_t i = 0; i < address.part.size(); ++i) {
        const std::optional<std::uint32_t> number = text::takeNumber<std::uint32_t>(rest);
        const bool last = i + 1 == address.part.size();
        if (!number || rest.starts_with(':') == last || (last && !rest.empty()))
            return std::nullopt;
        address.part.at(i) = *number;
        rest.remove_prefix(last ? 0 : 1);
    }
    return address;
}

bool isNumbered(const std::string& name, std::string_view prefix)
{
    return name.size() > prefix.size() && name.starts_with(prefix) &&
           std::isdigit(static_cast<unsigned char>(name[prefix.size()])) != 0;
}

std::string lunText(std::uint32_t lun)
{
    constexpr std::uint32_t kPeripheralLuns = 256;
    if (lun < kPeripheralLuns)
        return fmt::format("lun-{}", lun);
    return fmt::format("lun-0x{:04x}{:04x}00000000", lun & 0xffffU, (lun >> 16U) & 0xffffU);
}

/// Buses whose devices udev names by the bus and the device.
struct Bus {
    std::string_view name;
    bool transport; ///< tells apart the disks below a device
};
constexpr auto kBuses = std::to_array<Bus>({{"pci", false},
                                            {"platform", true},
                                            {"acpi", false},
                                            {"xen", false},
                                            {"scm", true},
                                            {"ccw", true},
                                            {"ccwgroup", true},
                                            {"iucv", true}});

/// Walks from a disk up to the root of the devices, as udev does.
class PathWalk {
public:
    PathWalk(fs::path disk, fs::path sys) : disk_(std::move(disk)), sys_(std::move(sys)) {}

    /// @param at  the disk, or its device
    std::string run(fs::path at)
    {
        while (at.has_relative_path() && at != at.parent_path() && at != sys_) {
            const std::string bus = busOf(at);
            if (bus == "scsi")
                at = scsi(at);
            else if (bus == "nvme" || bus == "nvme-subsystem")
                at = nvme(at, bus);
            else if (bus == "usb")
                at = usb(at);
            else if (bus == "virtio")
                at = virtio(at);
            else
                at = other(at, bus);
            if (at.empty())
                return {};
            at = at.parent_path();
        }
        return known_ && transport_ ? path_ : std::string();
    }

private:
    /// By the link "subsystem", else by the device's name.
    static std::string busOf(const fs::path& device)
    {
        std::error_code failed;
        const fs::path link = fs::read_symlink(device / "subsystem", failed);
        const std::string name = device.filename().string();
        if (!failed)
            return link.filename().string();
        if (name.empty())
            return "";
        if (isPciAddress(name))
            return "pci";
        if (scsiAddressOf(name) || isNumbered(name, "host") || isNumbered(name, "target"))
            return "scsi";
        if (isNumbered(name, "nvme-subsys"))
            return "nvme-subsystem";
        if (isNumbered(name, "nvme"))
            return name.find('n', 1) == std::string::npos ? "nvme" : "block";
        if (isNumbered(name, "virtio"))
            return "virtio";
        if (isNumbered(name, "usb") || (std::isdigit(static_cast<unsigned char>(name.front())) != 0 &&
                                        name.find('-') != std::string::npos))
            return "usb";
        if (name.starts_with("VMBUS:"))
            return "acpi";
        return device.parent_path().filename() == "platform" ? "platform" : "";
    }

    void prepend(const std::string& part) { path_ = path_.empty() ? part : part + "-" + path_; }

    /// The last of the devices of one bus that follow each other upwards.
    static fs::path lastOf(fs::path at, const std::string& bus)
    {
        while (busOf(at.parent_path()) == bus)
            at = at.parent_path();
        return at;
    }

    fs::path other(const fs::path& at, const std::string& bus)
    {
        const auto* found = std::ranges::find(kBuses, bus, &Bus::name);
        if (found == kBuses.end())
            return at;
        prepend(bus + "-" + at.filename().string());
        known_ = true;
        transport_ = transport_ || found->transport;
        return lastOf(at, bus);
    }

    fs::path virtio(const fs::path& at)
    {
        transport_ = true;
        return at;
    }

    fs::path usb(const fs::path& at)
    {
        transport_ = true;
        const std::string name = at.filename().string();
        const std::size_t dash = name.find('-');
        if (dash == std::string::npos) // the root hub
            return at;
        prepend("usb-0:" + name.substr(dash + 1)); // the number of the bus may change between starts
        return lastOf(at, "usb");
    }

    fs::path nvme(const fs::path& at, const std::string& bus)
    {
        const std::string name = disk_.filename().string();
        std::string id = readAttribute(disk_ / "nsid");
        if (id.empty()) // kernels before 4.8
            id = name.substr(name.rfind('n') + 1);
        prepend("nvme-" + id);
        known_ = transport_ = true;
        if (bus == "nvme")
            return at;
        const std::string controller =
            name.substr(0, name.find('n', 1)); // a head of several paths: its first
        std::error_code failed;
        return fs::canonical(sys_ / "class/nvme" / controller, failed);
    }

    /// An attribute of a device in a class of its own: below the device itself, else in /sys/class.
    std::string ofClass(const fs::path& device, const std::string& kind, const std::string& attribute) const
    {
        const fs::path name = device.filename();
        const std::string own = readAttribute(device / kind / name / attribute);
        return own.empty() ? readAttribute(sys_ / "class" / kind / name / attribute) : own;
    }

    fs::path scsi(const fs::path& at)
    {
        const std::optional<ScsiAddress> address = scsiAddressOf(at.filename().string());
        if (!address) // a target or a host
            return at;
        transport_ = true;
        const std::string path = at.string();
        const auto within = [&](const char* part) { return path.find(part) != std::string::npos; };
        if (within("/rport-"))
            return fibreChannel(at, *address);
        if (within("/end_device-"))
            return sas(at, *address);
        if (within("/session"))
            return iscsi(at, *address);
        if (within("/ata"))
            return ata(at, *address);
        if (within("/vmbus_") || within("/VMBUS"))
            return hyperV(at, *address);
        return scsiHost(at, *address);
    }

    fs::path fibreChannel(const fs::path& at, const ScsiAddress& address)
    {
        const std::string port = ofClass(at.parent_path(), "fc_transport", "port_name");
        known_ = true;
        return named(at, port, fmt::format("fc-{}-{}", port, lunText(address.part[3])));
    }

    /// A disk at an expander has the expander's address and the number of its phy; a disk at several phys has
    /// its own address.
    fs::path sas(const fs::path& at, const ScsiAddress& address)
    {
        const fs::path device = at.parent_path().parent_path();
        const fs::path port = device.parent_path();
        const std::string lun = lunText(address.part[3]);
        const std::string phys = ofClass(port, "sas_port", "num_phys");
        known_ = true;
        if (phys.empty())
            return {};
        if (phys != "1") {
            const std::string own = ofClass(device, "sas_device", "sas_address");
            return named(at, own, fmt::format("sas-{}-{}", own, lun));
        }
        const std::string phy = ofClass(device, "sas_device", "phy_identifier");
        const std::string expander = ofClass(port.parent_path(), "sas_device", "sas_address");
        return named(at, phy,
                     expander.empty() ? fmt::format("sas-phy{}-{}", phy, lun)
                                      : fmt::format("sas-exp{}-phy{}-{}", expander, phy, lun));
    }

    fs::path iscsi(const fs::path& at, const ScsiAddress& address)
    {
        fs::path session = at.parent_path();
        while (session.has_relative_path() && !isNumbered(session.filename().string(), "session"))
            session = session.parent_path();
        const std::string number = session.filename().string().substr(std::string_view("session").size());
        const fs::path connection = session / ("connection" + number + ":0");
        const std::string target = ofClass(session, "iscsi_session", "targetname");
        known_ = true;
        return named(at, target,
                     fmt::format("ip-{}:{}-iscsi-{}-{}",
                                 ofClass(connection, "iscsi_connection", "persistent_address"),
                                 ofClass(connection, "iscsi_connection", "persistent_port"), target,
                                 lunText(address.part[3])));
    }

    /// The port's number within its controller, not the kernel's number of the port.
    fs::path ata(const fs::path& at, const ScsiAddress& address)
    {
        const fs::path port = at.parent_path().parent_path().parent_path();
        const std::string number = ofClass(port, "ata_port", "port_no");
        const auto [host, bus, target, lun] = address.part;
        return named(at, number,
                     bus != 0 ? fmt::format("ata-{}.{}.0", number, bus)
                              : fmt::format("ata-{}.{}", number, target));
    }

    fs::path hyperV(const fs::path& at, const ScsiAddress& address)
    {
        const fs::path device = at.parent_path().parent_path().parent_path();
        std::string id = readAttribute(device / "device_id");
        std::erase_if(id, [](char c) { return c == '{' || c == '}' || c == '-'; });
        return named(at, id, fmt::format("vmbus-{}-{}", id, lunText(address.part[3])));
    }

    /// The number of the host counts from the first host of its controller.
    fs::path scsiHost(const fs::path& at, const ScsiAddress& address)
    {
        fs::path host = at.parent_path().parent_path();
        std::uint32_t first = address.part[0];
        std::error_code ignored;
        for (const fs::directory_entry& entry : fs::directory_iterator(host.parent_path(), ignored)) {
            const std::string name = entry.path().filename().string();
            if (isNumbered(name, "host"))
                first = std::min(first, text::parseNumber<std::uint32_t>(name.substr(4)).value_or(first));
        }
        const auto [number, bus, target, lun] = address.part;
        prepend(fmt::format("scsi-{}:{}:{}:{}", number - first, bus, target, lun));
        return host;
    }

    /// Prepends @p part, whose essential value is @p value. @return @p at; nothing without the value
    fs::path named(const fs::path& at, const std::string& value, const std::string& part)
    {
        if (value.empty())
            return {};
        prepend(part);
        return at;
    }

    fs::path disk_;
    fs::path sys_;
    std::string path_;
    bool known_ = false;     ///< a parent has a unique name
    bool transport_ = false; ///< the names of several disks at one parent differ
};

} // namespace

std::string pathId(const fs::path& block, const fs::path& sys)
{
    std::error_code failed;
    const fs::path root = fs::canonical(sys, failed);
    const fs::path disk = fs::canonical(block, failed);
    if (failed)
        return {};
    if (disk.parent_path() != root / "block")
        return PathWalk(disk, root).run(disk);
    const fs::path device = fs::canonical(disk / "device", failed); // the disk's folder is no link
    return failed ? std::string() : PathWalk(disk, root).run(device);
}

bool isPciAddress(const std::string& name)
{
    constexpr std::size_t kTail = std::string_view("00:00.0").size();
    const auto isHex = [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; };
    if (name.size() < kTail + 5 || name.size() > kTail + 9)
        return false;
    const std::size_t domain = name.size() - kTail - 1;
    return name[domain] == ':' && name[domain + 3] == ':' && name[domain + 6] == '.' &&
           std::ranges::count_if(name, isHex) == static_cast<std::ptrdiff_t>(name.size() - 3);
}

} // namespace bm::agent
