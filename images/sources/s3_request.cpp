#include "images/sources/s3_request.h"

#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/text/text.h"

#include <fmt/format.h>
#include <sstream>

namespace bm::images {
namespace {

using model::Error;
using model::ErrorCode;

struct Keys {
    std::string id;
    std::string secret;
};

std::string_view unquoted(std::string_view text)
{
    return text::trimmed(text, " \t\r\"");
}

/// Parses the credentials file of AWS's tools. The first section with both keys counts.
Keys readKeys(const std::filesystem::path& file)
{
    if (file.empty())
        throw Error(ErrorCode::NotFound, "s3: no file of credentials is configured",
                    "set s3.credentials_file to a file with aws_access_key_id = ... and "
                    "aws_secret_access_key = ...");
    std::istringstream lines(platform::readSecretFile(file, std::size_t{64} * 1024));
    Keys keys;
    for (std::string line; std::getline(lines, line) && (keys.id.empty() || keys.secret.empty());) {
        const std::size_t equals = line.find('=');
        if (equals == std::string::npos || unquoted(line).starts_with('#'))
            continue;
        const std::string_view name = unquoted(std::string_view(line).substr(0, equals));
        if (name == "aws_access_key_id")
            keys.id = unquoted(std::string_view(line).substr(equals + 1));
        if (name == "aws_secret_access_key")
            keys.secret = unquoted(std::string_view(line).substr(equals + 1));
    }
    if (keys.id.empty() || keys.secret.empty())
        throw Error(ErrorCode::NotFound, fmt::format("s3: {} does not contain both keys", file.string()),
                    "add the lines aws_access_key_id = ... and aws_secret_access_key = ...");
    return keys;
}

std::string encodedPath(const std::string& key)
{
    std::string encoded;
    for (std::size_t begin = 0; begin <= key.size();) {
        const std::size_t end = std::min(key.find('/', begin), key.size());
        encoded += (begin == 0 ? "" : "/") + platform::urlEncode(key.substr(begin, end - begin));
        begin = end + 1;
    }
    return encoded;
}

} // namespace

platform::HttpRequest s3Request(const S3Settings& settings, const platform::Reach& reach,
                                const std::string& method, const std::string& bucket, const std::string& key)
{
    if (settings.endpoint.empty())
        throw Error(ErrorCode::InvalidInput, "s3: no endpoint is configured",
                    "set s3.endpoint in bmd.yaml, such as https://s3.eu-central-1.amazonaws.com");
    const Keys keys = readKeys(settings.credentialsFile);
    platform::HttpRequest request{reach};
    request.method = method;
    request.url = settings.endpoint + "/" + bucket + (key.empty() ? "" : "/" + encodedPath(key));
    request.username = keys.id;
    request.password = keys.secret;
    request.s3Region = settings.region;
    request.caFile = settings.caFile.string();
    request.headers.emplace_back("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
    // Without this header libcurl would sign one that HttpClient removes.
    request.headers.emplace_back("Content-Type", "application/octet-stream");
    return request;
}

} // namespace bm::images
