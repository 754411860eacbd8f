#include "common/wire/provision_request.h"

#include "common/model/error.h"
#include "common/text/base64.h"
#include "common/text/host_address.h"
#include "common/text/printable.h"
#include "common/text/ssh_keys.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/schema_words.h"
#include "common/wire/meta_data.h"
#include "common/wire/resources/step_list.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <iterator>
#include <nlohmann/json.hpp>

namespace bm::wire {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

/// parseJson(), whose errors speak of the request's body, for a member's text.
json jsonOfText(const std::string& text, const std::string& field)
{
    try {
        return parseJson(text);
    } catch (const Error&) {
        throw Error(ErrorCode::InvalidInput, field + ": the text is not JSON that bm can read",
                    "send an object, or the JSON of an object as text");
    }
}

/// An object's JSON, or a client's text of JSON.
std::string jsonMember(const json& object, std::string_view key, const std::string& field)
{
    const json* value = memberOf(object, key);
    if (value == nullptr)
        return {};
    if (value->is_string())
        return asObjectText(jsonOfText(value->get<std::string>(), field), field).text;
    return asObjectText(*value, field).text;
}

std::string metaDataOf(const json& object, const std::string& field)
{
    std::string text = jsonMember(object, "meta_data", field);
    if (text.empty())
        return text;
    json metaData = parseJson(text);
    spreadPublicKeys(metaData, field);
    return canonical(metaData).text;
}

/// base64(1) wraps its lines.
std::optional<std::string> bytesOfBase64(const std::string& text)
{
    return text::fromBase64(text, " \t\r\n");
}

std::string userDataOf(const json& object, const std::string& prefix)
{
    const json* text = memberOf(object, "user_data");
    const json* packed = memberOf(object, "user_data_base64");
    const std::string field = prefix + "user_data";
    if (text != nullptr && packed != nullptr)
        throw Error(ErrorCode::InvalidInput, fmt::format("{0} and {0}_base64 are both given", field),
                    "give one of them");
    if (text != nullptr)
        return text->is_object() ? canonical(*text).text : asString(*text, field);
    if (packed == nullptr)
        return {};
    std::optional<std::string> bytes = bytesOfBase64(asString(*packed, field + "_base64"));
    if (!bytes)
        throw Error(ErrorCode::InvalidInput, field + "_base64: not base64",
                    "the bytes in the standard alphabet with padding, as base64(1) writes them");
    return std::move(*bytes);
}

ConfigDriveParts partsOf(const json& object, const std::string& prefix)
{
    ConfigDriveParts parts;
    parts.metaDataJson = metaDataOf(object, prefix + "meta_data");
    parts.userData = userDataOf(object, prefix);
    parts.networkDataJson = jsonMember(object, "network_data", prefix + "network_data");
    parts.vendorDataJson = jsonMember(object, "vendor_data", prefix + "vendor_data");
    return parts;
}

constexpr std::array<std::string_view, 5> kParts{"meta_data", "user_data", "user_data_base64", "network_data",
                                                 "vendor_data"};

bool hasParts(const json& object)
{
    return std::ranges::any_of(kParts,
                               [&](std::string_view key) { return memberOf(object, key) != nullptr; });
}

std::string base64Of(const json& value, const std::string& field)
{
    std::string text = asString(value, field);
    if (text.empty() || !bytesOfBase64(text))
        throw Error(ErrorCode::InvalidInput, field + ": not base64",
                    "a gzipped ISO or VFAT image in base64, or an object with meta_data, user_data, "
                    "network_data; no URLs");
    return text;
}

/// Refuses a name that systems do not take: RFC 1123, and underscores as systemd does. @throws Error
/// InvalidInput
void requireHostName(std::string name, const std::string& field)
{
    const std::string given = name;
    std::ranges::replace(name, '_', 'x');
    const std::optional<text::HostAddress> parsed = text::HostAddress::parse(name);
    if (!parsed || parsed->kind() != text::HostAddress::Kind::Name)
        throw Error(
            ErrorCode::InvalidInput, fmt::format("{}: \"{}\" is not a host name", field, given.substr(0, 80)),
            "letters, digits, - and _ in parts of at most 63 characters, separated by dots: web-7.example");
}

/// Refuses a key that OpenSSH ignores: nobody could log in. @throws Error InvalidInput
void requireSshKeys(std::string_view given, const std::string& field)
{
    constexpr std::size_t kShown = 40;
    const std::vector<std::string_view> lines = text::sshKeyLines(given);
    if (lines.empty())
        throw Error(ErrorCode::InvalidInput, field + " has no public ssh key",
                    "a line of authorized_keys: ssh-ed25519 AAAA... me");
    for (const std::string_view line : lines)
        if (const std::string fault = text::sshKeyFault(line); !fault.empty())
            throw Error(ErrorCode::InvalidInput,
                        fmt::format("{}: \"{}\" is no public ssh key: {}", field,
                                    text::shortPrintable(line, kShown), fault),
                        "a line of authorized_keys: ssh-ed25519 AAAA... me");
}

/// The host names and keys of @p wanted. @throws Error InvalidInput
void checkIdentity(const ProvisionRequest& wanted)
{
    for (std::size_t i = 0; i < wanted.sshKeys.size(); ++i)
        requireSshKeys(wanted.sshKeys[i], fmt::format("ssh_keys[{}]", i));
    if (!wanted.hostName.empty())
        requireHostName(wanted.hostName, "host_name");
    const bool hasMeta = wanted.parts && !wanted.parts->metaDataJson.empty();
    const json meta = hasMeta ? json::parse(wanted.parts->metaDataJson) : json::object();
    for (const char* key : {"hostname", "local-hostname", "local_hostname"})
        if (const json* name = memberOf(meta, key); name != nullptr && *name != "") {
            const std::string field = fmt::format("meta_data.{}", key);
            requireHostName(asString(*name, field), field);
        }
    if (const json* keys = memberOf(meta, "public_keys"))
        for (const auto& [name, key] : keys->items())
            requireSshKeys(key.get_ref<const std::string&>(), fmt::format("meta_data.public_keys.{}", name));
}

/// A whole drive has its own content, and without a drive nothing arrives. @throws Error InvalidInput
void refuseLostParts(const json& body, const ProvisionRequest& wanted)
{
    const bool builds = wanted.configDriveBase64.empty() && wanted.configDrive;
    std::vector<std::string_view> keys{"host_name", "ssh_keys"};
    std::ranges::copy(kParts, std::back_inserter(keys));
    for (const std::string_view key : keys)
        if (const json* part = memberOf(body, key);
            !builds && part != nullptr && !part->empty() && *part != "")
            throw Error(ErrorCode::InvalidInput,
                        fmt::format("{}: not together with config_drive, which {}", key,
                                    wanted.configDriveBase64.empty() ? "is off" : "has its own content"),
                        "leave one of the two out");
}

struct VerbVersion {
    std::string_view target;
    int since;
};
constexpr auto kVerbVersions = std::to_array<VerbVersion>({
    {"manage", 4},
    {"provide", 4},
    {"inspect", 6},
    {"abort", 13},
    {"clean", 15},
    {"adopt", 17},
    {"rescue", 38},
    {"unrescue", 38},
    {"deploy", 73},
    {"undeploy", 73},
    {"unhold", 85},
    {"service", 87},
});

struct MemberVersion {
    std::string_view member;
    int since;
};
constexpr auto kMemberVersions = std::to_array<MemberVersion>({
    {"clean_steps", 15},
    {"rescue_password", 38},
    {"deploy_steps", 69},
    {"disable_ramdisk", 70},
    {"service_steps", 87},
    {"runbook", 92},
});

void checkVerbVersions(const json& body, const std::string& target, Version version)
{
    for (const VerbVersion& verb : kVerbVersions)
        if (verb.target == target && verb.since > version.minor)
            throw Error(ErrorCode::NotAcceptable, "Request not acceptable.",
                        fmt::format("the verb \"{}\" needs version 1.{}, the request is {}", target,
                                    verb.since, toText(version)));
    for (const MemberVersion& member : kMemberVersions)
        if (member.since > version.minor && memberOf(body, member.member) != nullptr)
            throw Error(ErrorCode::NotAcceptable, "Request not acceptable.",
                        fmt::format("{} needs version 1.{}, the request is {}", member.member, member.since,
                                    toText(version)));
}

void readDrive(VerbRequest& wanted, const json& drive, Version version)
{
    if (drive.is_string()) {
        wanted.deploy.configDriveBase64 = base64Of(drive, "configdrive");
        return;
    }
    if (!drive.is_object())
        throw notOfType("configdrive", drive, "'object', 'string'", "an object, or base64");
    if (version.minor < 56)
        throw Error(ErrorCode::InvalidInput, "configdrive: an object needs version 1.56");
    refuseUnknown(drive, kParts, "configdrive");
    wanted.deploy.parts = partsOf(drive, "configdrive.");
}

/// @throws Error InvalidInput for a body that is no object, too
void requireTarget(const json& body, const char* hint)
{
    if (!body.is_object() || memberOf(body, "target") == nullptr)
        throw missingParameter("target", hint);
}

struct StepsMember {
    std::string_view member;
    std::string_view targets; ///< blank-separated
    StepOrder order;
};
constexpr auto kStepsMembers = std::to_array<StepsMember>({
    {"clean_steps", " clean ", StepOrder::Given},
    {"deploy_steps", " active deploy rebuild ", StepOrder::Priority},
    {"service_steps", " service ", StepOrder::Given},
});

void readSteps(VerbRequest& wanted, const json& body)
{
    for (const StepsMember& row : kStepsMembers) {
        const json* steps = memberOf(body, row.member);
        if (steps == nullptr)
            continue;
        if (row.targets.find(" " + wanted.target + " ") == std::string_view::npos)
            throw Error(ErrorCode::InvalidInput,
                        fmt::format("\"{}\" is only valid when setting target provision state to{}",
                                    row.member, row.targets.substr(0, row.targets.size() - 1)));
        if (!steps->empty() || !steps->is_array())
            (row.order == StepOrder::Priority ? wanted.deploy.stepsJson : wanted.stepsJson) =
                asSteps(*steps, row.member, row.order).text;
    }
}

} // namespace

ProvisionRequest provisionFromBody(const json& body)
{
    if (!body.is_object())
        throw notOfType("the body", body, "'object'");
    std::vector<std::string_view> known{"image", "host_name", "ssh_keys", "config_drive"};
    std::ranges::copy(kParts, std::back_inserter(known));
    std::ranges::copy(deployOptionKeys(), std::back_inserter(known));
    refuseUnknown(body, known, "provision");
    ProvisionRequest wanted;
    wanted.image = stringMember(body, "image");
    wanted.options = deployOptionsFromBody(body);
    wanted.hostName = stringMember(body, "host_name");
    if (const json* keys = memberOf(body, "ssh_keys"))
        wanted.sshKeys = asStrings(*keys, "ssh_keys");
    if (hasParts(body))
        wanted.parts = partsOf(body, "");
    if (const json* drive = memberOf(body, "config_drive")) {
        if (drive->is_boolean())
            wanted.configDrive = drive->get<bool>();
        else
            wanted.configDriveBase64 = base64Of(*drive, "config_drive");
    }
    refuseLostParts(body, wanted);
    checkIdentity(wanted);
    return wanted;
}

VerbRequest verbFromBody(const json& body, Version version)
{
    requireTarget(body, R"({"target": "active"})");
    refuseUnknown(body,
                  {"target", "configdrive", "clean_steps", "deploy_steps", "service_steps", "rescue_password",
                   "disable_ramdisk", "runbook"},
                  "provision");
    VerbRequest wanted;
    wanted.target = asString(body.at("target"), "target");
    checkVerbVersions(body, wanted.target, version);
    if (const json* drive = memberOf(body, "configdrive")) {
        const bool deploys =
            wanted.target == "active" || wanted.target == "deploy" || wanted.target == "rebuild";
        if (!deploys || (wanted.target == "rebuild" && version.minor < 35))
            throw Error(ErrorCode::InvalidInput,
                        fmt::format("configdrive: not with the target \"{}\"", wanted.target));
        readDrive(wanted, *drive, version);
    }
    readSteps(wanted, body);
    wanted.runbook = stringMember(body, "runbook");
    const bool listed = wanted.target == "clean" || wanted.target == "service";
    if (!wanted.runbook.empty() && !listed)
        throw Error(ErrorCode::InvalidInput, "runbook: only with the targets clean and service");
    if (const json* disable = memberOf(body, "disable_ramdisk")) {
        wanted.disableRamdisk = asBoolean(*disable, "disable_ramdisk");
        if (!listed || (wanted.target == "service" && version.minor < 108))
            throw Error(ErrorCode::InvalidInput,
                        "disable_ramdisk: only with the targets clean, and service from "
                        "1.108 on");
    }
    wanted.rescuePassword = stringMember(body, "rescue_password");
    if (!wanted.rescuePassword.empty() && wanted.target != "rescue")
        throw Error(ErrorCode::InvalidInput,
                    "\"rescue_password\" is only valid when setting target provision state to rescue");
    return wanted;
}

PowerRequest powerFromBody(const json& body, Version version)
{
    requireTarget(body, R"({"target": "power on"})");
    refuseUnknown(body, {"target", "timeout"}, "power");
    PowerRequest wanted;
    wanted.target = asString(body.at("target"), "target");
    const json* timeout = memberOf(body, "timeout");
    const bool soft = wanted.target.starts_with("soft ");
    if ((timeout != nullptr || soft) && version.minor < 27)
        throw Error(ErrorCode::NotAcceptable, "Request not acceptable.",
                    "soft power and timeout need version 1.27");
    if (timeout != nullptr)
        wanted.timeoutSeconds = asInteger(*timeout, "timeout", 1, 86'400);
    return wanted;
}

} // namespace bm::wire
