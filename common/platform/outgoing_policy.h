#pragma once
#include "common/model/error.h"
#include "common/platform/ip_address.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bm::platform {

/// An entry of outgoing.allow or outgoing.projects_only: a network or a host's name, and perhaps a port.
struct OutgoingTarget {
    std::optional<IpNetwork> network{};
    std::string host{};     ///< lower case, without a dot at its end; "": the network counts
    std::uint16_t port = 0; ///< 0: every port
};

/// Parses "10.0.0.0/8", "10.0.0.1:8080", "[fd00::/8]:443", "fd00::1", "images.example" or
/// "images.example:8443". @throws Error InvalidInput
OutgoingTarget parseOutgoingTarget(std::string_view text);

/// Keys of bmd.yaml.
struct OutgoingSettings {
    std::vector<OutgoingTarget> allow{};        ///< exceptions to the refusals
    std::vector<OutgoingTarget> projectsOnly{}; ///< not empty: all that a project reaches
    std::string proxy{};                        ///< URL; "": none
    std::vector<IpNetwork> bmcNetworks{};       ///< not empty: all that BMC requests reach
    bool bmcOnLoopback = false;                 ///< bmd --dev
};

/// The party that chooses the destination of a request.
enum class Asker : std::uint8_t { System, Project };
std::string_view toText(Asker asker) noexcept; ///< "system", "project"
Asker askerFromText(std::string_view text) noexcept;

/// The destination of one hop in a chain of redirects.
struct Destination {
    std::string scheme; ///< lower case
    std::string host;   ///< lower case, without brackets and a dot at its end
    std::uint16_t port = 0;
    bool operator==(const Destination&) const = default;
};
/// The destination of @p url, with the scheme's port where it names none; empty host: no URL.
Destination destinationOf(const std::string& url);

/// The rule for requests that a user can steer: images, checksum files, gates, webhooks, object stores,
/// other bmd; and, apart, for BMCs. Refused are loopback, link-local, cloud metadata and reserved addresses,
/// their translated forms, bmc.networks, and always bmd's own listeners. Thread-safe.
class OutgoingPolicy {
public:
    explicit OutgoingPolicy(OutgoingSettings settings = {});
    ~OutgoingPolicy();
    OutgoingPolicy(const OutgoingPolicy&) = delete;
    OutgoingPolicy& operator=(const OutgoingPolicy&) = delete;

    /// Adds a listener of bmd, which no request reaches. @param address  numeric, "localhost", a host's name,
    /// or "0.0.0.0" and "::" for all of the machine's
    void addListener(const std::string& address, std::uint16_t port);

    /// The reason to refuse a connection to @p address, to which @p to resolved; nullopt: permitted.
    /// @param configured  bmd.yaml itself names this destination: only the listeners and, for a project,
    ///   outgoing.projects_only count
    std::optional<std::string> refusal(Asker asker, const Destination& to, const IpAddress& address,
                                       bool configured = false) const;
    /// As refusal(), for the host as it is written: a numeric host, or one that the proxy would resolve.
    std::optional<std::string> refusalOfHost(Asker asker, const Destination& to,
                                             bool configured = false) const;
    /// The reason to refuse a BMC request to @p address and @p port; nullopt: permitted.
    std::optional<std::string> bmcRefusal(const IpAddress& address, std::uint16_t port) const;
    /// outgoing.proxy for host names that outgoing.allow lists; else "". The proxy resolves the name itself,
    /// so bmd cannot check the address.
    std::string proxyFor(const Destination& to) const;

private:
    bool isOwnListener(const std::string& host, const IpAddress& address, std::uint16_t port) const;
    struct State;
    std::unique_ptr<State> state_;
};

/// The permitted destinations of a request: a policy with its asker, or no policy. Every request names one.
class Reach {
public:
    /// The configuration, the kernel's command line or bmd itself names the destination. Any address, no
    /// proxy.
    static Reach fixed() { return Reach(Kind::Fixed); }
    /// A person names the destination to a program of their own (bm). Any address; the proxies of the
    /// environment.
    static Reach ofPerson() { return Reach(Kind::Person); }
    /// A user of bmd can steer the request. @p policy is shared: requests outlive a change of settings.
    Reach(std::shared_ptr<const OutgoingPolicy> policy, Asker asker)
        : policy_(std::move(policy)), asker_(asker)
    {}
    /// The same for a URL that bmd.yaml names (an object store, another bmd), wherever that is.
    Reach configuredAt(const std::string& url) const;

    bool checks() const noexcept { return policy_ != nullptr; }
    bool usesEnvironment() const noexcept { return kind_ == Kind::Person; }
    bool operator==(const Reach&) const = default;

    /// @throws Error InvalidInput: the policy refuses @p url as it is written. Resolves no names.
    /// @param shown  the name of @p url in the error, where a user does not know it; "": shownUrl(url)
    void requireUrl(const std::string& url, const std::string& shown = {}) const;
    std::optional<std::string> refusal(const Destination& to, const IpAddress& address) const;
    std::string proxyFor(const Destination& to) const;
    /// The error for a refused destination, called @p shown; and a warning in the log with @p where and
    /// @p why. A project is not told why.
    model::Error refused(const std::string& shown, const std::string& where, const std::string& why) const;

private:
    enum class Kind : std::uint8_t { Fixed, Person, Checked };
    explicit Reach(Kind kind) : kind_(kind) {}
    bool isConfigured(const Destination& to) const { return configured_ && *configured_ == to; }

    Kind kind_ = Kind::Checked;
    std::shared_ptr<const OutgoingPolicy> policy_{};
    Asker asker_ = Asker::System;
    std::optional<Destination> configured_{};
};

} // namespace bm::platform
