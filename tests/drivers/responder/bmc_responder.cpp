#include "tests/drivers/responder/bmc_responder.h"

#include <algorithm>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

namespace bm::test {
namespace {

const Bytes kRmcpHeader{0x06, 0x00, 0xff, 0x07};
enum PayloadType : std::uint8_t { kOpenRequest = 0x10, kOpenResponse, kRakp1, kRakp2, kRakp3, kRakp4 };
enum Status : std::uint8_t {
    kGood = 0x00,
    kNoResources = 0x01,
    kBadSession = 0x02,
    kBadAuthentication = 0x04,
    kUnauthorizedName = 0x0d,
    kBadIntegrityCheck = 0x0f,
};
constexpr std::uint8_t kInvalidCommand = 0xc1;
constexpr std::uint8_t kBootFlags = 5; // a parameter of the boot options, IPMI 2.0, table 28-14
constexpr std::size_t kBootFlagsLength = 5;

std::uint32_t number(const Bytes& from, std::size_t at)
{
    return static_cast<std::uint32_t>(from.at(at)) | static_cast<std::uint32_t>(from.at(at + 1)) << 8U |
           static_cast<std::uint32_t>(from.at(at + 2)) << 16U |
           static_cast<std::uint32_t>(from.at(at + 3)) << 24U;
}

void append(Bytes& to, const Bytes& from)
{
    to.insert(to.end(), from.begin(), from.end());
}

Bytes part(const Bytes& from, std::size_t at, std::size_t length)
{
    if (at + length > from.size())
        throw std::out_of_range("a short packet");
    const auto begin = from.begin() + static_cast<std::ptrdiff_t>(at);
    return {begin, begin + static_cast<std::ptrdiff_t>(length)};
}

std::array<std::uint8_t, 4> four(const Bytes& from, std::size_t at)
{
    return {from.at(at), from.at(at + 1), from.at(at + 2), from.at(at + 3)};
}

std::uint8_t checksum(const Bytes& bytes, std::size_t from, std::size_t to)
{
    std::uint8_t sum = 0;
    for (std::size_t at = from; at < to; ++at)
        sum = static_cast<std::uint8_t>(sum + bytes.at(at));
    return static_cast<std::uint8_t>(0U - sum);
}

/// An RMCP+ packet outside a session.
Bytes packetOf(PayloadType type, const Bytes& payload)
{
    Bytes packet = kRmcpHeader;
    append(packet, {0x06, type, 0, 0, 0, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(payload.size()), 0});
    append(packet, payload);
    return packet;
}

/// Tag, status and the console's session id: the form of every refusal.
Bytes refusal(std::uint8_t tag, std::uint8_t status, const std::array<std::uint8_t, 4>& consoleId)
{
    return {tag, status, 0, 0, consoleId[0], consoleId[1], consoleId[2], consoleId[3]};
}

Bytes algorithmRecord(int group, std::uint8_t algorithm)
{
    return {static_cast<std::uint8_t>(group), 0, 0, 8, algorithm, 0, 0, 0};
}

} // namespace

BmcResponder::BmcResponder(BmcManners manners) : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))
{
    memory_.lock()->manners = std::move(manners);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (!socket_ || ::bind(socket_.get(), generic, length) != 0 ||
        ::getsockname(socket_.get(), generic, &length) != 0)
        throw std::runtime_error("no UDP socket for the responder");
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
}

BmcResponder::~BmcResponder() = default;

std::vector<IpmiRequest> BmcResponder::requests()
{
    return memory_.lock()->requests;
}
std::vector<int> BmcResponder::loginSuites()
{
    return memory_.lock()->loginSuites;
}
int BmcResponder::passwords()
{
    return memory_.lock()->passwords;
}
bool BmcResponder::poweredOn()
{
    return memory_.lock()->powered;
}

std::vector<Bytes> BmcResponder::bodies(int netFn, int command)
{
    std::vector<Bytes> found;
    for (const IpmiRequest& request : requests())
        if (request.netFn == netFn && request.command == command)
            found.push_back(request.body);
    return found;
}

void BmcResponder::serve(const std::stop_token& stop)
{
    Bytes buffer(2048);
    while (!stop.stop_requested()) {
        pollfd entry{socket_.get(), POLLIN, 0};
        if (::poll(&entry, 1, 20) <= 0)
            continue;
        sockaddr_storage peer{};
        socklen_t length = sizeof peer;
        auto* const generic = reinterpret_cast<sockaddr*>(&peer);
        const ssize_t got = ::recvfrom(socket_.get(), buffer.data(), buffer.size(), 0, generic, &length);
        if (got <= 0)
            continue;
        const auto memory = memory_.lock();
        try {
            for (const Bytes& reply : answer(*memory, Bytes(buffer.begin(), buffer.begin() + got)))
                ::sendto(socket_.get(), reply.data(), reply.size(), 0, generic, length);
        } catch (const std::out_of_range&) { // ignore a short packet
        }
    }
}

std::vector<Bytes> BmcResponder::answer(Memory& memory, const Bytes& packet)
{
    if (memory.manners.silent)
        return {};
    if (memory.manners.nonsense) {
        Bytes reply = kRmcpHeader;
        append(reply, Bytes{0x06, 0x11, 0xde, 0xad});
        append(reply, Bytes(packet.rbegin(), packet.rend()));
        return {reply};
    }
    if (packet.at(4) != 0x06)
        return {answerPlain(memory, packet)};
    const auto type = static_cast<std::uint8_t>(packet.at(5) & 0x3fU);
    const Bytes payload = part(packet, 16, number(packet, 12) >> 16U);
    switch (type) {
    case kOpenRequest:
        return {packetOf(kOpenResponse, openSession(memory, payload))};
    case kRakp1:
        return {packetOf(kRakp2, rakp1(memory, payload))};
    case kRakp3:
        return {packetOf(kRakp4, rakp3(memory, payload))};
    case 0:
        return {sealedAnswer(memory, packet)};
    default:
        return {};
    }
}

/// A request outside any session: Get Channel Authentication Capabilities, in the form of IPMI 1.5.
Bytes BmcResponder::answerPlain(Memory& memory, const Bytes& packet)
{
    const Bytes reply = respond(memory, part(packet, 14, packet.at(13)));
    Bytes full = kRmcpHeader;
    append(full, {0, 0, 0, 0, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(reply.size())});
    append(full, reply);
    return full;
}

Bytes BmcResponder::openSession(Memory& memory, const Bytes& payload)
{
    const std::array<std::uint8_t, 4> console = four(payload, 4);
    const int suite = payload.at(12) == 3 ? 17 : 3;
    memory.loginSuites.push_back(suite);
    if (memory.manners.sessionsRefused > 0) {
        --memory.manners.sessionsRefused;
        return refusal(payload.at(0), kNoResources, console);
    }
    if (const auto told = memory.manners.openStatus.find(suite); told != memory.manners.openStatus.end())
        return refusal(payload.at(0), told->second, console);
    if (!memory.manners.suites.contains(suite))
        return refusal(payload.at(0), kBadAuthentication, console);
    RmcpSession session(suite, memory.manners.password, memory.manners.kg);
    const auto id = static_cast<std::uint32_t>(0x1000 + memory.loginSuites.size());
    session.consoleId = console;
    session.bmcId = {static_cast<std::uint8_t>(id & 0xffU), static_cast<std::uint8_t>(id >> 8U), 0, 0};
    Bytes reply{payload.at(0), kGood, 4, 0};
    append(reply, Bytes(console.begin(), console.end()));
    append(reply, Bytes(session.bmcId.begin(), session.bmcId.end()));
    for (int group = 0; group < 3; ++group)
        append(reply, algorithmRecord(group, session.algorithm(group)));
    memory.sessions.insert_or_assign(id, std::move(session));
    return reply;
}

Bytes BmcResponder::rakp1(Memory& memory, const Bytes& payload)
{
    RmcpSession& session = memory.sessions.at(number(payload, 4));
    session.consoleRandom = part(payload, 8, 16);
    session.bmcRandom = Bytes(16, 0x5a);
    session.guid = Bytes(16, 0xa5);
    session.role = payload.at(24);
    const Bytes name = part(payload, 28, payload.at(27));
    session.user.assign(name.begin(), name.end());
    const auto& statuses = memory.manners.rakp2Status;
    if (const auto told = statuses.find(session.suite()); told != statuses.end())
        return refusal(payload.at(0), told->second, session.consoleId);
    if (session.user != memory.manners.user)
        return refusal(payload.at(0), kUnauthorizedName, session.consoleId);
    Bytes reply = refusal(payload.at(0), kGood, session.consoleId);
    append(reply, session.bmcRandom);
    append(reply, session.guid);
    append(reply, session.rakp2Code());
    return reply;
}

Bytes BmcResponder::rakp3(Memory& memory, const Bytes& payload)
{
    RmcpSession& session = memory.sessions.at(number(payload, 4));
    ++memory.passwords;
    const auto& statuses = memory.manners.rakp4Status;
    if (const auto told = statuses.find(session.suite()); told != statuses.end())
        return refusal(payload.at(0), told->second, session.consoleId);
    const Bytes expected = session.rakp3Code();
    if (payload.at(1) != kGood || part(payload, 8, expected.size()) != expected)
        return refusal(payload.at(0), kBadIntegrityCheck, session.consoleId);
    Bytes reply = refusal(payload.at(0), kGood, session.consoleId);
    append(reply, session.rakp4Code());
    return reply;
}

/// A request inside a session: checks and decrypts it, and answers in the same form.
Bytes BmcResponder::sealedAnswer(Memory& memory, const Bytes& packet)
{
    RmcpSession& session = memory.sessions.at(number(packet, 6));
    const std::size_t codeLength = session.suite() == 17 ? 16 : 12;
    const Bytes covered = part(packet, 4, packet.size() - 4 - codeLength);
    if (part(packet, packet.size() - codeLength, codeLength) != session.integrity(covered))
        return {};
    const std::optional<Bytes> message = session.open(part(packet, 16, number(packet, 12) >> 16U));
    if (!message)
        return {};
    const Bytes sealed = session.seal(respond(memory, *message));
    Bytes reply{0x06, 0xc0};
    append(reply, Bytes(session.consoleId.begin(), session.consoleId.end()));
    append(reply, part(packet, 10, 4)); // the sequence number of the request
    append(reply, {static_cast<std::uint8_t>(sealed.size()), 0});
    append(reply, sealed);
    std::uint8_t pad = 0;
    for (; (reply.size() + 2) % 4 != 0; ++pad)
        reply.push_back(0xff);
    append(reply, {pad, 0x07});
    const Bytes code = session.integrity(reply);
    append(reply, code);
    Bytes full = kRmcpHeader;
    append(full, reply);
    return full;
}

Bytes BmcResponder::respond(Memory& memory, const Bytes& message)
{
    IpmiRequest request;
    request.netFn = static_cast<std::uint8_t>(message.at(1) >> 2U);
    request.command = message.at(5);
    request.body = part(message, 6, message.size() - 7);
    memory.requests.push_back(request);
    const auto [code, body] = execute(memory, request);
    Bytes reply{message.at(3), static_cast<std::uint8_t>(message.at(1) + 4U)};
    reply.push_back(checksum(reply, 0, 2));
    append(reply, {message.at(0), message.at(4), request.command, code});
    append(reply, body);
    reply.push_back(checksum(reply, 3, reply.size()));
    return reply;
}

std::pair<std::uint8_t, Bytes> BmcResponder::execute(Memory& memory, const IpmiRequest& request)
{
    const std::pair<int, int> what{request.netFn, request.command};
    const auto told = memory.manners.codes.find(what);
    if (told != memory.manners.codes.end() && told->second.second > 0) {
        --told->second.second;
        return {told->second.first, {}};
    }
    if (what == std::pair{6, 0x38}) // authentication capabilities: IPMI 2.0, a Kg key or not
        return {
            0,
            {1, 0x80, static_cast<std::uint8_t>(memory.manners.kg.empty() ? 0x04 : 0x24), 0x02, 0, 0, 0, 0}};
    if (what == std::pair{6, 0x3b})
        return {0, {request.body.at(0)}};
    if (what == std::pair{0, 0x08} && request.body.at(0) == kBootFlags)
        memory.bootFlags = part(request.body, 1, kBootFlagsLength);
    if (what == std::pair{0, 0x09} && request.body.at(0) == kBootFlags) {
        Bytes reply{1, kBootFlags}; // version of the parameters, number of the parameter
        append(reply, memory.bootFlags);
        return {0, reply};
    }
    if (what == std::pair{6, 0x3c} || what == std::pair{0, 0x08})
        return {0, {}};
    if (what == std::pair{6, 0x01}) { // device id 32, revision 1, firmware 3.21, IPMI 2.0, product 256
        const std::uint32_t maker = memory.manners.manufacturer;
        return {0,
                {0x20, 0x01, 0x03, 0x21, 0x02, 0xbf, static_cast<std::uint8_t>(maker),
                 static_cast<std::uint8_t>(maker >> 8U), static_cast<std::uint8_t>(maker >> 16U), 0x00, 0x01,
                 0, 0, 0, 0}};
    }
    if (what == std::pair{0, 0x01})
        return {0, {static_cast<std::uint8_t>(memory.powered ? 1 : 0), 0, 0, 0}};
    if (what == std::pair{0, 0x02}) {
        const std::uint8_t action = request.body.at(0) & 0x0fU;
        memory.powered = action != 0 && action != 5; // down, soft; else up, cycle, reset
        return {0, {}};
    }
    return {kInvalidCommand, {}};
}

} // namespace bm::test
