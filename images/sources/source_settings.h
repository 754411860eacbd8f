#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace bm::images {

/// An S3-compatible object store: where images may come from (s3://bucket/key), and where the store's objects
/// may be.
struct S3Settings {
    std::string endpoint; ///< "https://s3.example:8080"; buckets are the path's first part
    std::string region = "us-east-1";
    std::filesystem::path
        credentialsFile{};          ///< lines aws_access_key_id = ... and aws_secret_access_key = ...
    std::filesystem::path caFile{}; ///< PEM; empty: the system's
    std::string bucket;             ///< of the store; empty: its objects are in its folder
    std::string prefix;             ///< before the names of the store's objects: "fleet-a/"
    std::uint64_t cacheBytes = std::uint64_t{64} << 30U; ///< of the store's objects kept in its folder
};

/// How another bmd is asked for an image (bm://HOST:PORT/NAME).
struct PeerAccess {
    std::string username{};
    std::filesystem::path passwordFile{};
    std::filesystem::path caFile{}; ///< PEM that its certificate is checked by; empty: the system's
    bool tls = true;                ///< loopback is always asked without
};

struct SourceSettings {
    S3Settings s3;
    std::map<std::string, PeerAccess> peers; ///< by "host:port"
};

} // namespace bm::images
