#pragma once
#include "common/platform/files.h"
#include "common/platform/guarded.h"
#include "tests/drivers/responder/rmcp_session.h"

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <utility>

namespace bm::test {

/// One IPMI request, decrypted.
struct IpmiRequest {
    std::uint8_t netFn = 0;
    std::uint8_t command = 0;
    Bytes body{};
    bool operator==(const IpmiRequest&) const = default;
};

/// The behaviour of a responder; set it before the first request.
struct BmcManners {
    std::set<int> suites{17, 3};
    std::string user = "ADMIN";
    std::string password = "secret-of-the-bmc";
    Bytes kg{};
    bool silent = false;   ///< receives requests and never answers
    bool nonsense = false; ///< answers every request with random bytes
    std::map<int, std::uint8_t>
        openStatus{}; ///< cipher suite: status of each answer to an open session request
    std::map<int, std::uint8_t> rakp2Status{}; ///< likewise of each answer to RAKP 1
    std::map<int, std::uint8_t> rakp4Status{}; ///< likewise of each answer to RAKP 3
    std::uint32_t manufacturer = 674;          ///< IANA number; Dell
    int sessionsRefused = 0;                   ///< this many logins get "insufficient resources for session"
    std::map<std::pair<int, int>, std::pair<std::uint8_t, int>>
        codes{}; ///< (netFn, command): completion code, how often
};

/// A minimal BMC: RMCP+ on a UDP port of 127.0.0.1, cipher suites 17 and 3. It records the bytes of each
/// request.
class BmcResponder {
public:
    explicit BmcResponder(BmcManners manners = {});
    ~BmcResponder();
    BmcResponder(const BmcResponder&) = delete;
    BmcResponder& operator=(const BmcResponder&) = delete;

    std::uint16_t port() const { return port_; }
    std::vector<IpmiRequest> requests();
    /// The bodies of all requests with this network function and command.
    std::vector<Bytes> bodies(int netFn, int command);
    std::vector<int> loginSuites(); ///< the cipher suite of each login, in order
    bool poweredOn();
    int passwords(); ///< logins that sent proof of a password

private:
    struct Memory {
        BmcManners manners{};
        std::vector<IpmiRequest> requests{};
        std::vector<int> loginSuites{};
        std::map<std::uint32_t, RmcpSession> sessions{}; ///< by the BMC's session id
        Bytes bootFlags{0, 0, 0, 0, 0};                  ///< as the last request set them
        bool powered = false;
        int passwords = 0;
    };
    void serve(const std::stop_token& stop);
    static std::vector<Bytes> answer(Memory& memory, const Bytes& packet);
    static Bytes answerPlain(Memory& memory, const Bytes& packet);
    static Bytes openSession(Memory& memory, const Bytes& payload);
    static Bytes rakp1(Memory& memory, const Bytes& payload);
    static Bytes rakp3(Memory& memory, const Bytes& payload);
    static Bytes sealedAnswer(Memory& memory, const Bytes& packet);
    static Bytes respond(Memory& memory, const Bytes& message);
    static std::pair<std::uint8_t, Bytes> execute(Memory& memory, const IpmiRequest& request);

    platform::Guarded<Memory> memory_{};
    platform::Fd socket_{};
    std::uint16_t port_ = 0;
    std::jthread thread_{}; ///< last member: it uses the others
};

} // namespace bm::test
