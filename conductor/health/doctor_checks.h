#pragma once
#include "conductor/health/doctor.h"

#include <filesystem>

namespace bm::conductor {

// The checks of all but BMCs; bmd's App passes them to the Doctor.

/// DHCP offers of other servers on the provisioning interface. Proxy mode needs exactly one other server,
/// which assigns addresses and names no boot file.
Examination otherDhcpServers(pxe::BootSettings settings);
/// Every loader that TFTP should serve, fetched whole from the provisioning address.
Examination bootFilesByTftp(pxe::BootSettings settings);
/// Boot script, kernel and RAM disk, fetched from @p baseUrl as iPXE does.
Examination bootFilesByHttp(std::function<std::string()> baseUrl, bool ramdisk);
/// Kernel and RAM disk in @p folder: they exist, and are not older than half a year.
Examination ramdiskFiles(std::filesystem::path folder, const model::Clock& clock);
/// Checks that the time is plausible and synchronised.
Examination systemClock(const model::Clock& clock);
/// Free space where @p folders lie; below a tenth is a warning, below @p reserveBytes an error.
Examination diskSpace(std::vector<std::pair<std::string, std::filesystem::path>> folders,
                      std::uint64_t reserveBytes);
/// Free space where the database lies, against RecordSettings::reserveBytes.
Examination databaseReserve(const RecordSettings& settings);
/// The engine's own quick check of its file.
Examination databaseWhole(db::Database& database);

/// Stored values that requests may not write any more.
Examination storedValues(db::Database& database, const drivers::HardwareTypes& hardware);

/// One finding that all is well, and one that it is not.
Finding good(std::string what, std::string subject = {});
Finding bad(Severity severity, std::string what, std::string remedy, std::string subject = {});

} // namespace bm::conductor
