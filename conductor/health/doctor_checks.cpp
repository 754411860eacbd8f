#include "conductor/health/doctor_checks.h"

#include "common/platform/http_client.h"
#include "common/platform/network_probe.h"
#include "conductor/health/stored_values.h"
#include "db/engine/integrity.h"
#include "pxe/dhcp_probe.h"

#include <fmt/format.h>
#include <sys/timex.h>

namespace bm::conductor {

namespace fs = std::filesystem;
using model::Deadline;
using model::Error;
using model::ErrorCode;

namespace {

constexpr std::chrono::hours kDay{24};
constexpr std::chrono::hours kOldRamdisk = 180 * kDay;
constexpr std::int64_t kWrittenMillis = 1'760'000'000'000; // October 2025: no clock shows less

std::string megabytes(std::uint64_t bytes)
{
    return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20));
}

std::string offerText(const pxe::DhcpOffer& offer)
{
    return offer.server +
           (offer.offered == "0.0.0.0" ? " (no address)" : " (offered " + offer.offered + ")") +
           (offer.bootFile.empty() ? "" : " with the boot file " + offer.bootFile);
}

std::vector<Finding> judgeManaged(const pxe::BootSettings& settings,
                                  const std::vector<pxe::DhcpOffer>& others)
{
    std::vector<Finding> findings;
    findings.reserve(others.size() + 1);
    for (const pxe::DhcpOffer& offer : others)
        findings.push_back(bad(
            Severity::Error, "another DHCP server answers on " + settings.interface + ": " + offerText(offer),
            "take it off this network, or set dhcp.mode: proxy if it is the site's own; machines "
            "boot from whichever answers first",
            offer.server));
    if (others.empty())
        findings.push_back(good("no other DHCP server answers on " + settings.interface));
    return findings;
}

std::vector<Finding> judgeProxy(const pxe::BootSettings& settings, const std::vector<pxe::DhcpOffer>& others)
{
    std::vector<Finding> findings;
    std::size_t leasing = 0;
    for (const pxe::DhcpOffer& offer : others) {
        leasing += offer.offered == "0.0.0.0" ? 0U : 1U;
        if (!offer.bootFile.empty())
            findings.push_back(bad(Severity::Error,
                                   "another DHCP server on " + settings.interface +
                                       " sends a boot file: " + offerText(offer),
                                   "take next-server and the boot file out of its settings", offer.server));
        else
            findings.push_back(good("the site's DHCP server: " + offerText(offer), offer.server));
    }
    if (leasing == 0)
        findings.push_back(
            bad(Severity::Warning, "no DHCP server on " + settings.interface + " offers an address",
                "proxy mode needs the site's own server; it may refuse machines it does not know"));
    return findings;
}

std::uint64_t fetchByHttp(const std::string& url, const Deadline& deadline, std::string* text = nullptr)
{
    platform::HttpClient client;
    platform::HttpRequest request{platform::Reach::fixed()}; // bmd's own listener
    request.url = url;
    std::uint64_t bytes = 0;
    const platform::HttpResponse response = client.stream(
        request,
        [&](std::span<const std::byte> piece) {
            bytes += piece.size();
            if (text != nullptr && text->size() < 4096)
                text->append(reinterpret_cast<const char*>(piece.data()), piece.size());
            return true;
        },
        deadline);
    if (response.status != 200)
        throw Error(ErrorCode::Unavailable, fmt::format("HTTP {}", response.status));
    return bytes;
}

Finding fetched(const std::string& name, const std::string& url, const Deadline& deadline)
{
    try {
        std::string text;
        const std::uint64_t bytes = fetchByHttp(url, deadline, &text);
        if (name == "boot script" && !text.starts_with("#!ipxe"))
            return bad(Severity::Error, url + " answers something that is not an iPXE script",
                       "what listens there?", name);
        return good(fmt::format("{}: {} by HTTP", name, megabytes(bytes)), name);
    } catch (const Error& error) {
        const bool missing = error.message() == "HTTP 404";
        return bad(Severity::Error, fmt::format("{} cannot be fetched from {}: {}", name, url, error.what()),
                   missing ? "is the RAM disk built, in paths.ramdisk_dir?"
                           : "is the address the provisioning network's (provisioning.address), does a "
                             "firewall stand between?",
                   name);
    }
}

} // namespace

Finding good(std::string what, std::string subject)
{
    return {{}, Severity::Ok, std::move(subject), std::move(what), {}};
}

Finding bad(Severity severity, std::string what, std::string remedy, std::string subject)
{
    return {{}, severity, std::move(subject), std::move(what), std::move(remedy)};
}

Examination otherDhcpServers(pxe::BootSettings settings)
{
    return [settings = std::move(settings)](const Deadline& deadline) -> std::vector<Finding> {
        if (settings.interface.empty())
            return {good("not checked: DHCP is off and no provisioning interface is set")};
        std::vector<pxe::DhcpOffer> others;
        for (const pxe::DhcpOffer& offer : pxe::probeDhcp(settings.interface, deadline))
            if (offer.server != settings.address)
                others.push_back(offer);
        return settings.dhcp == pxe::DhcpMode::Managed ? judgeManaged(settings, others)
                                                       : judgeProxy(settings, others);
    };
}

Finding loaderByTftp(const pxe::BootSettings& settings, const char* loader, const Deadline& deadline)
{
    try {
        const std::uint64_t bytes = platform::fetchByTftp(settings.address, settings.tftpPort, loader,
                                                          deadline.atMost(std::chrono::seconds{8}));
        return good(fmt::format("{}: {} by TFTP", loader, megabytes(bytes)), loader);
    } catch (const Error& error) {
        return bad(Severity::Error, error.what(),
                   fmt::format("is in.tftpd running (bm logs), does a firewall drop UDP {} on {}?",
                               settings.tftpPort, settings.address),
                   loader);
    }
}

Examination bootFilesByTftp(pxe::BootSettings settings)
{
    return [settings = std::move(settings)](const Deadline& deadline) {
        return std::vector<Finding>{loaderByTftp(settings, "undionly.kpxe", deadline),
                                    loaderByTftp(settings, "snponly.efi", deadline)};
    };
}

Examination bootFilesByHttp(std::function<std::string()> baseUrlOf, bool ramdisk)
{
    return [baseUrlOf = std::move(baseUrlOf), ramdisk](const Deadline& deadline) {
        std::vector<Finding> findings;
        const std::string baseUrl = baseUrlOf();
        findings.push_back(fetched("boot script",
                                   baseUrl + "/boot/script?platform=doctor&mac=" + std::string(kDoctorMac),
                                   deadline));
        if (ramdisk) {
            findings.push_back(fetched("kernel", baseUrl + "/boot/vmlinuz", deadline));
            findings.push_back(fetched("RAM disk", baseUrl + "/boot/initrd.img", deadline));
        }
        return findings;
    };
}

Finding ramdiskFile(const fs::path& file, const model::Clock& clock)
{
    const std::string name = file.filename();
    std::error_code failed;
    const std::uint64_t bytes = fs::file_size(file, failed);
    if (failed)
        return bad(Severity::Error, file.string() + ": " + failed.message(),
                   "build the RAM disk: cmake --build build --target ramdisk, or set paths.ramdisk_dir",
                   name);
    const auto written = std::chrono::file_clock::to_sys(fs::last_write_time(file));
    const auto days = std::chrono::duration_cast<std::chrono::hours>(clock.now() - written) / kDay;
    const std::string what = fmt::format("{}: {}, {} days old", file.string(), megabytes(bytes), days);
    if (clock.now() - written > kOldRamdisk)
        return bad(Severity::Warning, what,
                   "build it again: its kernel lacks half a year's fixes and drivers", name);
    return good(what, name);
}

Examination ramdiskFiles(fs::path folder, const model::Clock& clock)
{
    return [folder = std::move(folder), &clock](const Deadline&) {
        return std::vector<Finding>{ramdiskFile(folder / "vmlinuz", clock),
                                    ramdiskFile(folder / "initrd.img", clock)};
    };
}

Examination systemClock(const model::Clock& clock)
{
    return [&clock](const Deadline&) -> std::vector<Finding> {
        if (model::toMillis(clock.now()) < kWrittenMillis)
            return {bad(Severity::Error,
                        "the clock is wrong: it shows a time before this program was written",
                        "set it: timedatectl set-ntp true; certificates and schedules depend on it")};
        std::error_code failed;
        if (fs::exists("/run/systemd/timesync/synchronized", failed))
            return {good("systemd-timesyncd synchronises the clock")};
        timex state{};
        const int kept = ::adjtimex(&state);
        if (kept < 0)
            return {bad(Severity::Warning,
                        "could not check the clock's synchronisation: the kernel did not answer",
                        "timedatectl shows it")};
        if (kept == TIME_ERROR || (state.status & STA_UNSYNC) != 0)
            return {bad(Severity::Warning, "the clock is not synchronised, by the kernel's report",
                        "timedatectl set-ntp true, or install chrony")};
        return {good(fmt::format("the clock is synchronised, within {} ms", state.maxerror / 1000))};
    };
}

Finding spaceOf(const std::string& name, const fs::path& folder, std::uint64_t reserveBytes)
{
    std::error_code failed;
    const fs::space_info space = fs::space(folder, failed);
    if (failed)
        return bad(Severity::Error, folder.string() + ": " + failed.message(),
                   "make the folder for bmd's user", name);
    const std::string what = fmt::format("{}: {:.1f} of {:.1f} GiB free ({})", name,
                                         static_cast<double>(space.available) / (1U << 30U),
                                         static_cast<double>(space.capacity) / (1U << 30U), folder.string());
    if (space.available < reserveBytes)
        return bad(Severity::Error, what, "remove images (bm image delete) or grow it", name);
    if (space.available < space.capacity / 10)
        return bad(Severity::Warning, what, "soon full: remove images (bm image delete) or grow it", name);
    return good(what, name);
}

Examination diskSpace(std::vector<std::pair<std::string, fs::path>> folders, std::uint64_t reserveBytes)
{
    return [folders = std::move(folders), reserveBytes](const Deadline&) {
        std::vector<Finding> findings;
        findings.reserve(folders.size());
        for (const auto& [name, folder] : folders)
            findings.push_back(spaceOf(name, folder, reserveBytes));
        return findings;
    };
}

Examination databaseReserve(const RecordSettings& settings)
{
    return [settings](const Deadline&) -> std::vector<Finding> {
        if (settings.folder.empty())
            return {good("the database has no reserve of disk space")};
        std::error_code failed;
        const fs::space_info space = fs::space(settings.folder, failed);
        if (failed)
            return {bad(Severity::Error, settings.folder.string() + ": " + failed.message(),
                        "make the folder for bmd's user")};
        const std::string what = fmt::format("{} are free for the database; database.reserve is {}",
                                             megabytes(space.available), megabytes(settings.reserveBytes));
        if (space.available < settings.reserveBytes)
            return {bad(Severity::Warning,
                        what + ": bmd stores no events and audit records of clients without a login",
                        "remove images (bm image delete), grow the disk, or lower database.events_rows")};
        return {good(what)};
    };
}

Examination databaseWhole(db::Database& database)
{
    return [&database](const Deadline&) {
        std::vector<Finding> findings;
        for (const std::string& problem : db::integrityProblems(database))
            findings.push_back(bad(Severity::Error, "the database is damaged: " + problem,
                                   "stop bmd and put its last backup back; keep the damaged file"));
        if (findings.empty())
            findings.push_back(good("the database is whole"));
        return findings;
    };
}

Examination storedValues(db::Database& database, const drivers::HardwareTypes& hardware)
{
    return [&database, &hardware](const Deadline&) {
        std::vector<Finding> findings;
        const std::vector<StoredValue> refused =
            database.read([&](db::Transaction& tx) { return refusedStoredValues(tx, hardware); });
        findings.reserve(refused.size() + 1);
        for (const StoredValue& value : refused)
            findings.push_back(bad(Severity::Warning, value.what, value.remedy, value.subject));
        if (findings.empty())
            findings.push_back(good("all stored names and addresses follow today's rules"));
        return findings;
    };
}

} // namespace bm::conductor
