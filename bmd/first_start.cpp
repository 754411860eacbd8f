#include "bmd/first_start.h"

#include "bmd/accounts.h"
#include "common/http/tls/certificates.h"
#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/platform/log.h"
#include "common/platform/secrets.h"

#include <array>
#include <unistd.h>

namespace bm::bmd {

namespace fs = std::filesystem;
using model::Error;
using model::ErrorCode;

namespace {

void makeFolder(const fs::path& folder, fs::perms mode)
{
    std::error_code failed;
    if (fs::is_directory(folder, failed))
        return;
    fs::create_directories(folder, failed);
    if (failed)
        throw Error(ErrorCode::Internal,
                    "cannot create the folder " + folder.string() + ": " + failed.message(),
                    "create it for bmd's user, or set paths in bmd.yaml");
    fs::permissions(folder, mode, failed);
}

std::string certificateHostName()
{
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

} // namespace

void makeFolders(const Config& config)
{
    const fs::perms own = fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec;
    makeFolder(config.paths.stateFolder, own);
    makeFolder(config.paths.runFolder, own | fs::perms::others_exec | fs::perms::others_read);
    for (const fs::path& folder : {config.database.file.parent_path(), config.images.folder})
        if (!folder.empty())
            makeFolder(folder, own);
    if (!config.paths.secretKeyFile.empty())
        makeFolder(config.paths.secretKeyFile.parent_path(), fs::perms::owner_all);
}

void makeFirstUser(const Config& config)
{
    if (config.auth != AuthMode::Basic || fs::exists(config.paths.stateFolder / "users"))
        return;
    constexpr std::size_t kPasswordBytes = 16;
    const std::string password = platform::randomHex(kPasswordBytes);
    platform::writeFileAtomically(config.paths.stateFolder / "admin-password", password + "\n", 0600);
    setUser(config, "admin", password);
    platform::logInfo("bmd", "first start: user admin, password in {}",
                      (config.paths.stateFolder / "admin-password").string());
}

void useCertificates(Config& config)
{
    if (!config.apiUsesTls() || !config.api.certificateFile.empty())
        return;
    const http::CertificateFiles files =
        http::ensureCertificates(config.paths.stateFolder / "tls",
                                 {certificateHostName(), config.api.address, "127.0.0.1", "localhost"});
    config.api.certificateFile = files.certificate.string();
    config.api.keyFile = files.key.string();
}

void writeClientConfig(const Config& config, const std::string& endpoint)
{
    std::string text =
        "# bmd writes this file at each start, for bm on this machine: set BM_CLIENT_CONFIG, or copy it to "
        "~/.config/bm/client.yaml\n"
        "endpoint: " +
        endpoint + "\n";
    if (config.auth == AuthMode::Basic)
        text += "username: admin\npassword_file: " + (config.paths.stateFolder / "admin-password").string() +
                "\n";
    const fs::path ca = config.paths.stateFolder / "tls/ca.pem";
    if (config.apiUsesTls() && fs::exists(ca))
        text += "ca_file: " + ca.string() + "\n";
    platform::writeFileAtomically(config.paths.stateFolder / "client.yaml", text, 0640);
}

} // namespace bm::bmd
