#include "common/http/tls/certificates.h"

#include "common/http/tls/x509.h"
#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/platform/log.h"

#include <system_error>

namespace bm::http {
namespace {

constexpr std::chrono::hours kDay{24};
constexpr std::chrono::hours kCaLife = kDay * 3650;
constexpr std::chrono::hours kServerLife = kDay * 365;
constexpr std::chrono::hours kRenewBefore = kDay * 30;
constexpr unsigned kKeyMode = 0600;
constexpr std::size_t kKeyLimit = std::size_t{64} * 1024;

void makeFolder(const std::filesystem::path& folder)
{
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    if (failure)
        throw model::Error(model::ErrorCode::Internal,
                           "cannot make " + folder.string() + " for certificates: " + failure.message());
}

bool haveBoth(const std::filesystem::path& certificate, const std::filesystem::path& key)
{
    return std::filesystem::exists(certificate) && std::filesystem::exists(key);
}

/// Writes the key first: the certificate's presence means that both are there.
Identity store(const Identity& made, const std::filesystem::path& certificate,
               const std::filesystem::path& key)
{
    platform::writeFileAtomically(key, keyToPem(made.key), kKeyMode);
    platform::writeFileAtomically(certificate, certificateToPem(made.certificate));
    return made;
}

Identity load(const std::filesystem::path& certificate, const std::filesystem::path& key)
{
    try {
        return {certificateFromPem(platform::readFile(certificate)),
                keyFromPem(platform::readSecretFile(key, kKeyLimit))};
    } catch (const model::Error& error) {
        throw error.during(certificate.string());
    }
}

bool stillGood(const Identity& server, const Identity& ca, const std::vector<std::string>& names)
{
    return belongTogether(server) && isSignedBy(server.certificate, ca) &&
           lastsLongerThan(server.certificate, kRenewBefore) &&
           namesOf(server.certificate) == sortedNames(names);
}

} // namespace

CertificateFiles ensureCertificates(const std::filesystem::path& folder,
                                    const std::vector<std::string>& names)
{
    makeFolder(folder);
    CertificateFiles files{folder / "ca.pem", folder / "server.pem", folder / "server.key"};
    const std::filesystem::path caKey = folder / "ca.key";
    const Identity ca =
        haveBoth(files.ca, caKey) ? load(files.ca, caKey) : store(makeCa(kCaLife), files.ca, caKey);
    if (!belongTogether(ca))
        throw model::Error(model::ErrorCode::InvalidInput,
                           files.ca.string() + " and " + caKey.string() + " do not belong together",
                           "restore both from one backup, or remove both: bmd makes a new CA, which every "
                           "client must then trust");
    const bool good =
        haveBoth(files.certificate, files.key) && stillGood(load(files.certificate, files.key), ca, names);
    if (!good) {
        store(makeServer(ca, sortedNames(names), kServerLife), files.certificate, files.key);
        platform::logInfo("http", "made the server certificate {}", files.certificate.string());
    }
    return files;
}

} // namespace bm::http
