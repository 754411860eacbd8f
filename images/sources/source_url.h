#pragma once
#include <cstdint>
#include <string>

namespace bm::images {

/// The kind of source of an image.
enum class SourceKind : std::uint8_t { Web, S3, Bm };

struct SourceUrl {
    SourceKind kind = SourceKind::Web;
    std::string url;  ///< http(s): of the file; Bm: of the other bmd, without a path
    std::string peer; ///< Bm: "host:port"
    std::string name; ///< the last part of the path: name of a file or an image
    std::string bucket;
    std::string key;
};

/// Parses "http(s)://...", "s3://bucket/key", "bm://host:port/NAME", and
/// "http(s)://host:port/v1/images/NAME", which is an image of another bmd, too.
/// @throws Error InvalidInput (another scheme, file:// among them; no bucket, key or name). It does not
/// judge the address: see requireReachable().
SourceUrl parseSourceUrl(const std::string& url);

} // namespace bm::images
