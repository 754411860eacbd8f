#include "cli/client/context_file.h"

#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/text/yaml_document.h"

#include <cstdlib>
#include <yaml-cpp/yaml.h>

namespace bm::cli {

using model::Error;
using model::ErrorCode;

namespace {

std::string textOf(const YAML::Node& map, const char* key)
{
    return map[key] ? map[key].as<std::string>() : "";
}

Endpoint endpointOf(const YAML::Node& map)
{
    Endpoint endpoint;
    endpoint.url = textOf(map, "endpoint");
    endpoint.username = textOf(map, "username");
    endpoint.passwordFile = textOf(map, "password_file");
    endpoint.tokenFile = textOf(map, "token_file");
    endpoint.caFile = textOf(map, "ca_file");
    return endpoint;
}

void emit(YAML::Emitter& out, const char* key, const std::string& value)
{
    if (!value.empty())
        out << YAML::Key << key << YAML::Value << YAML::DoubleQuoted << value;
}

} // namespace

std::filesystem::path contextsFile()
{
    const char* client = std::getenv("BM_CLIENT_CONFIG");
    if (client != nullptr && *client != '\0')
        return std::filesystem::path(client).parent_path() / "contexts.yaml";
    const char* home = std::getenv("HOME");
    return home == nullptr || *home == '\0' ? std::filesystem::path{}
                                            : std::filesystem::path(home) / ".config/bm/contexts.yaml";
}

Contexts readContexts(const std::filesystem::path& file)
{
    Contexts contexts;
    std::error_code hidden;
    if (file.empty() || !std::filesystem::exists(file, hidden))
        return contexts;
    try {
        const YAML::Node root = text::onlyDocument(YAML::LoadAllFromFile(file.string()));
        contexts.current = textOf(root, "current");
        for (const auto& member : root["contexts"])
            contexts.known[member.first.as<std::string>()] = endpointOf(member.second);
    } catch (const YAML::BadFile&) {
        return contexts;
    } catch (const YAML::Exception& error) {
        throw Error(ErrorCode::InvalidInput,
                    file.string() + ":" + std::to_string(error.mark.line + 1) + ": " + error.msg,
                    "bm context add writes this file");
    }
    return contexts;
}

void writeContexts(const std::filesystem::path& file, const Contexts& contexts)
{
    if (file.empty())
        throw Error(ErrorCode::InvalidInput, "there is no home folder to keep contexts in", "set HOME");
    std::error_code failed;
    if (!std::filesystem::exists(file.parent_path(), failed)) {
        std::filesystem::create_directories(file.parent_path());
        std::filesystem::permissions(file.parent_path(), std::filesystem::perms::owner_all);
    }
    YAML::Emitter out;
    out << YAML::Comment("Made by bm context") << YAML::BeginMap;
    emit(out, "current", contexts.current);
    out << YAML::Key << "contexts" << YAML::Value << YAML::BeginMap;
    for (const auto& [name, endpoint] : contexts.known) {
        out << YAML::Key << YAML::DoubleQuoted << name << YAML::Value << YAML::BeginMap;
        emit(out, "endpoint", endpoint.url);
        emit(out, "username", endpoint.username);
        emit(out, "password_file", endpoint.passwordFile);
        emit(out, "token_file", endpoint.tokenFile);
        emit(out, "ca_file", endpoint.caFile);
        out << YAML::EndMap;
    }
    out << YAML::EndMap << YAML::EndMap;
    platform::writeFileAtomically(file, std::string(out.c_str()) + "\n", 0600);
}

const Endpoint& findContext(const Contexts& contexts, const std::string& name)
{
    const auto found = contexts.known.find(name);
    if (found != contexts.known.end())
        return found->second;
    std::string names;
    for (const auto& [known, endpoint] : contexts.known)
        names += (names.empty() ? "" : ", ") + known;
    throw Error(ErrorCode::NotFound, "there is no context \"" + name + "\"",
                names.empty() ? "bm context add " + name + " https://HOST:6385" : "known contexts: " + names);
}

} // namespace bm::cli
