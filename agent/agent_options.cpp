#include "agent/agent_options.h"

#include "agent/disk/inventory_reader.h"
#include "common/model/error.h"
#include "common/model/mac_address.h"
#include "common/platform/files.h"
#include "common/platform/secrets.h"

#include <fmt/format.h>
#include <system_error>
#include <vector>

namespace bm::agent {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::size_t kNonceBytes = 16;

std::vector<std::string> words(std::string_view text)
{
    std::vector<std::string> out;
    std::string word;
    bool quoted = false;
    for (const char c : text) {
        const bool blank = c == ' ' || c == '\t' || c == '\n';
        if (c == '"')
            quoted = !quoted;
        else if (!blank || quoted)
            word += c;
        else if (!word.empty())
            out.push_back(std::exchange(word, {}));
    }
    if (!word.empty())
        out.push_back(word);
    return out;
}

void need(const std::string& value, const char* name)
{
    if (value.empty())
        throw Error(ErrorCode::InvalidInput, fmt::format("the kernel command line has no {}=", name),
                    "boot this RAM disk by the script that bmd serves");
}

} // namespace

BootArguments parseKernelCommandLine(std::string_view text)
{
    BootArguments out;
    for (const std::string& word : words(text)) {
        const std::size_t equals = word.find('=');
        if (equals == std::string::npos)
            continue;
        const std::string name = word.substr(0, equals);
        const std::string value = word.substr(equals + 1);
        if (name == "bm.api")
            out.apiBase = value.substr(0, value.find_last_not_of('/') + 1);
        else if (name == "bm.node")
            out.nodeUuid = value;
        else if (name == "bm.secret")
            out.secret = value;
        else if (name == "BOOTIF")
            out.bootInterface = model::macFromText(value).value_or(model::MacAddress{}).text;
    }
    return out;
}

std::string bootNonce(const std::filesystem::path& file)
{
    std::error_code ignored;
    if (std::filesystem::exists(file, ignored)) {
        std::string text = readAttribute(file);
        if (text.size() == 2 * kNonceBytes)
            return text;
    }
    std::string nonce = platform::randomHex(kNonceBytes);
    platform::writeFileAtomically(file, nonce, 0600);
    return nonce;
}

AgentIdentity makeIdentity(const BootArguments& arguments, const std::filesystem::path& stateFolder)
{
    need(arguments.apiBase, "bm.api");
    need(arguments.nodeUuid, "bm.node");
    need(arguments.secret, "bm.secret");
    std::filesystem::create_directories(stateFolder);
    std::filesystem::permissions(stateFolder, std::filesystem::perms::owner_all);
    AgentIdentity identity;
    identity.apiBase = arguments.apiBase;
    identity.nodeUuid = arguments.nodeUuid;
    identity.bootSecret = arguments.secret;
    identity.nonce = bootNonce(stateFolder / "nonce");
    identity.bootId = readAttribute("/proc/sys/kernel/random/boot_id");
    identity.bootInterface = arguments.bootInterface;
    for (const wire::Nic& nic : readNics())
        identity.addresses += (identity.addresses.empty() ? "" : ",") + nic.mac;
    if (identity.addresses.empty())
        identity.addresses = arguments.bootInterface;
    return identity;
}

} // namespace bm::agent
