#pragma once
#include "common/platform/outgoing_policy.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace bm::images {

/// An S3-compatible object store. Images are imported from it (s3://bucket/key), and it may hold the store's
/// objects.
struct S3Settings {
    std::string endpoint; ///< "https://s3.example:8080"; the bucket is the first part of the path
    std::string region = "us-east-1";
    std::filesystem::path
        credentialsFile{};          ///< lines aws_access_key_id = ... and aws_secret_access_key = ...
    std::filesystem::path caFile{}; ///< PEM; empty: the system's
    std::string bucket;             ///< for the store's objects; empty: they are in the store's folder
    std::string prefix;             ///< prefix of the objects' names: "fleet-a/"
    std::uint64_t cacheBytes = std::uint64_t{64} << 30U; ///< of the store's objects kept in its folder
};

/// Credentials for another bmd (bm://HOST:PORT/NAME).
struct PeerAccess {
    std::string username{};
    std::filesystem::path passwordFile{};
    std::filesystem::path caFile{}; ///< PEM to verify its certificate; empty: the system's
    bool tls = true;                ///< false: plain HTTP; loopback is always plain
};

struct SourceSettings {
    S3Settings s3;
    std::map<std::string, PeerAccess> peers; ///< by "host:port"
    std::set<std::string> projectSchemes{};  ///< "s3", "bm": whose addresses a project may give, too
    /// The rule for every request; never null. Shared with all that request something for users.
    std::shared_ptr<const platform::OutgoingPolicy> outgoing = std::make_shared<platform::OutgoingPolicy>();
};

} // namespace bm::images
