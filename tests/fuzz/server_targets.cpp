// Parsers that run in bmd: of clients, machines, their agents, BMCs and the boot services.
#include "common/http/acceptor.h"
#include "common/http/body_decoder.h"
#include "common/http/body_stream.h"
#include "common/http/head.h"
#include "common/http/proxy/proxy_header.h"
#include "common/http/proxy/trusted_proxies.h"
#include "common/layout/disk_layout.h"
#include "common/platform/http_client.h"
#include "common/platform/urls.h"
#include "common/text/host_address.h"
#include "common/wire/agent/agent_exchange.h"
#include "common/wire/agent/hint_expression.h"
#include "common/wire/agent/inventory.h"
#include "common/wire/agent/root_device.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/json_patch.h"
#include "common/wire/provision_request.h"
#include "common/wire/resources/allocation_fields.h"
#include "common/wire/resources/inspection_rule_fields.h"
#include "common/wire/resources/node_fields.h"
#include "common/wire/resources/step_list_fields.h"
#include "conductor/fleet/schedules/cron.h"
#include "conductor/fleet/selection/selector.h"
#include "drivers/ipmi/ipmi_texts.h"
#include "pxe/complaints.h"
#include "pxe/contacts.h"
#include "pxe/dhcp_message.h"
#include "tests/fuzz/target_functions.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <unistd.h>

namespace bm::fuzz {

/// Percent-decoding refuses zero bytes; a Host is fit for links.
void httpHead(Bytes bytes)
{
    const std::string text(textOf(bytes));
    const std::size_t length = http::headLength(text);
    require(length <= text.size());
    for (std::size_t searched = 0; searched < std::min<std::size_t>(length, 64); ++searched)
        require(http::headLength(text, searched) == length);
    refusesInWords([&] {
        const http::Head head = http::parseHead(text);
        require(head.path.find('\0') == std::string::npos && !(head.chunked && head.contentLength));
    });
    refusesInWords([&] { platform::urlEncode(http::urlDecode(text, true)); });
}

/// A header that is whole lies within the bytes and the limit; later bytes do not change it, and fewer leave
/// it unfinished. The same bytes as X-Forwarded-For yield the peer or an address.
void proxyHeader(Bytes bytes)
{
    const std::string text(textOf(bytes));
    refusesInWords([&] {
        const std::optional<http::ProxyHeader> header = http::parseProxyHeader(text);
        if (!header) {
            require(text.size() < http::kProxyHeaderLimit);
            return;
        }
        require(header->length <= text.size() && header->length <= http::kProxyHeaderLimit);
        const std::string whole = text.substr(0, header->length);
        const std::optional<http::ProxyHeader> again = http::parseProxyHeader(whole + "GET / HTTP/1.1");
        require(again && again->length == header->length && again->client == header->client &&
                again->https == header->https);
        for (std::size_t length = 0; length < whole.size(); ++length)
            require(!http::parseProxyHeader(std::string_view(whole).substr(0, length)));
    });
    const http::TrustedProxies proxies{.networks = {*platform::networkFromText("10.0.0.0/8")}};
    const std::string client = http::clientBehind(proxies, {"10.0.0.1", {}}, {text}, {text}).address;
    require(platform::ipFromText(client).has_value());
}

/// An address never begins with '-' or leaves its place in a URL, and its canonical text is accepted
/// unchanged.
void hostAddress(Bytes bytes)
{
    const std::string_view text = textOf(bytes);
    const std::optional<text::HostAddress> strict = text::HostAddress::parse(text);
    const std::optional<text::HostAddress> stored = text::HostAddress::parseStored(text);
    require(!strict || stored == strict);
    if (!stored)
        return;
    require(!stored->text().empty() && stored->text().front() != '-');
    require(stored->text().find_first_of(" /?#@\\\"'`${}[]<>|;&\n") == std::string::npos);
    require(!strict || text::HostAddress::parse(stored->text()) == strict);
    require(text::HostAddress::parseStored(stored->text()) == stored);
    require(!strict || platform::urlPath("http://" + strict->authority(8080) + "/path?query") == "/path");
}

/// A whole request whose body is chunked or of a declared length.
void httpRequest(Bytes bytes)
{
    const std::string text(textOf(bytes));
    const std::size_t length = http::headLength(text);
    std::array<int, 2> ends{};
    if (length == 0 || ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0)
        return;
    const platform::Fd client(ends[0]);
    ::shutdown(client.get(), SHUT_WR);
    http::Admission admission;
    const platform::WakeUp stop;
    http::Connection connection(platform::Fd(ends[1]), "peer", admission.enter("peer"), nullptr, stop.fd());
    connection.input = text.substr(length);
    refusesInWords([&] {
        http::IncomingRequest request(http::parseHead(text.substr(0, length)));
        const http::Head& head = request.head;
        http::BodyBuffer buffer(connection, request, http::Pace(1, std::chrono::seconds{1}));
        http::BodyStream stream(buffer);
        std::string body;
        std::array<char, 4096> piece{};
        while (const std::streamsize count = stream.rdbuf()->sgetn(piece.data(), piece.size()))
            body.append(piece.data(), static_cast<std::size_t>(count));
        require(body.size() <= text.size() - length);
        require(head.chunked || body.size() == head.contentLength.value_or(0));
        buffer.drain(1024);
    });
}

/// The first byte says how a chunked body is cut; however it is, the same bytes and the same rest come out.
void httpChunks(Bytes bytes)
{
    if (bytes.empty())
        return;
    const std::string text(textOf(bytes.subspan(1)));
    const std::size_t cut = std::to_integer<std::size_t>(bytes.front()) % 32 + 1;
    http::Head head;
    head.chunked = true;
    http::BodyDecoder whole(head);
    http::BodyDecoder pieces(head);
    std::array<std::string, 2> input{text, ""};
    std::array<std::string, 2> body;
    std::array<bool, 2> refused{};
    const auto take = [&](std::size_t which, http::BodyDecoder& decoder, std::size_t limit) {
        try {
            return decoder.take(input.at(which), body.at(which), limit);
        } catch (const model::Error& error) {
            require(error.code() == model::ErrorCode::InvalidInput);
            refused.at(which) = true;
            return std::size_t{0};
        }
    };
    take(0, whole, text.size());
    for (std::size_t at = 0; at < text.size() && !refused[1]; at += cut) {
        input[1] += text.substr(at, cut);
        while (!refused[1] && take(1, pieces, cut) != 0)
            ;
    }
    require(body[0].size() <= text.size() && refused[0] == refused[1] && body[0] == body[1]);
    require(refused[0] || (whole.done() == pieces.done() && input[0] == input[1]));
}

/// A request's body: JSON, then the resource that its first byte chooses.
void requestBody(Bytes bytes)
{
    const std::string_view text = textOf(bytes);
    if (text.empty())
        return;
    refusesInWords([&] {
        const nlohmann::json body = wire::parseJson(text.substr(1));
        model::Node node;
        model::Runbook runbook;
        switch (text.front() % 6) {
        case 0:
            wire::patchNode(node, body, wire::kMaxVersion, {});
            break;
        case 1:
            wire::nodeFromCreate(body, wire::kMaxVersion, {});
            break;
        case 2:
            wire::verbFromBody(body, wire::kMaxVersion);
            break;
        case 3:
            wire::inspectionRuleShape().fromCreate(body, wire::kMaxVersion);
            break;
        case 4:
            wire::runbookShape().patch(runbook, body, wire::kMaxVersion);
            break;
        default:
            wire::allocationShape().fromCreate(body, wire::kMaxVersion);
        }
    });
}

/// The first line is a document, the rest a patch.
void jsonPatch(Bytes bytes)
{
    const std::string_view text = textOf(bytes);
    const std::size_t end = std::min(text.find('\n'), text.size());
    refusesInWords([&] {
        const nlohmann::json document = wire::parseObject(text.substr(0, end));
        const wire::JsonPatch patch = wire::JsonPatch::parse(wire::parseJson(text.substr(end)));
        require(patch.applied(document).is_object());
    });
}

/// Accepted texts are accepted as JSON too, by the agent, and again after they were written.
void layoutFile(Bytes bytes)
{
    try {
        const nlohmann::json read = layout::layoutFromText(std::string(textOf(bytes)), "f");
        const layout::DiskLayout first = layout::layoutFromJson(read);
        const layout::DiskLayout again = layout::layoutFromJson(nlohmann::json::parse(read.dump()));
        require(first.partitions == again.partitions && first.leastBytes(0) < std::uint64_t{1} << 62U);
    } catch (const model::Error& refused) {
        require(refused.code() == model::ErrorCode::InvalidInput);
    }
}

/// Accepted inventories are written and read again; a root device is chosen from them.
void inventory(Bytes bytes)
{
    refusesInWords([&] {
        wire::Inventory found = wire::inventoryFromJson(textOf(bytes));
        wire::judgeDisks(found.disks);
        require(wire::inventoryFromJson(wire::toJson(found).text).disks.size() == found.disks.size());
        wire::pickRootDevice(found.disks, {}, wire::RootDevicePolicy::Smallest);
    });
}

void agentExchange(Bytes bytes)
{
    refusesInWords([&] {
        const wire::AgentExchangeRequest request = wire::agentExchangeRequestFromJson(textOf(bytes));
        wire::agentExchangeRequestFromJson(wire::toJson(request).text);
    });
}

/// Root device hints: a JSON object, and the first line as an expression on the second.
void hints(Bytes bytes)
{
    const std::string_view text = textOf(bytes);
    const std::size_t end = std::min(text.find('\n'), text.size());
    for (const bool numeric : {false, true})
        refusesInWords([&] {
            wire::checkExpression(text.substr(0, end), numeric);
            wire::satisfies(text.substr(std::min(end + 1, text.size())), text.substr(0, end), numeric);
        });
    refusesInWords([&] { wire::matches(wire::Disk{}, wire::parseRootDeviceHints(text)); });
}

/// An accepted selector is accepted again from the text that it keeps.
void selector(Bytes bytes)
{
    namespace fleet = conductor::fleet;
    refusesInWords([&] {
        const fleet::Selector parsed = fleet::selectorFromText(std::string(textOf(bytes)));
        require(fleet::selectorFromText(parsed.text).terms.size() == parsed.terms.size());
        const model::Node node;
        fleet::fits(parsed, {.node = node, .images = {"a"}, .lastDeployed = {}, .now = {}});
    });
}

/// An accepted expression fires within its fields' ranges.
void cron(Bytes bytes)
{
    namespace fleet = conductor::fleet;
    refusesInWords([&] {
        const fleet::Cron parsed = fleet::cronFromText(textOf(bytes));
        require(parsed.minutes != 0 && parsed.minutes >> 60U == 0 && parsed.hours != 0 &&
                parsed.hours >> 24U == 0 && parsed.months != 0 && (parsed.months & 1U) == 0);
        fleet::firesOn(parsed, 2, 29, 6);
    });
}

/// Lines of dnsmasq and in.tftpd.
void bootLog(Bytes bytes)
{
    const std::string_view text = textOf(bytes);
    const std::optional<pxe::BootContact> contact = pxe::contactFromDnsmasq(text);
    require(!contact || contact->mac.has_value());
    pxe::contactFromTftpd(text);
    for (const auto& complaint : {pxe::complaintFromDnsmasq(text), pxe::complaintFromTftpd(text)})
        require(!complaint || !complaint->text.empty());
}

/// An Ethernet frame; its transaction number is the probe's.
void dhcpOffer(Bytes bytes)
{
    const auto* const first = reinterpret_cast<const std::uint8_t*>(bytes.data());
    const std::span<const std::uint8_t> frame(first, bytes.size());
    if (const auto offer = pxe::offerFrom(frame, 0x01020304))
        require(!offer->server.empty() &&
                std::ranges::all_of(offer->bootFile, [](char c) { return c >= 0x20 && c < 0x7f; }));
}

/// Output of ipmitool; messages hold printable characters only.
void ipmiTexts(Bytes bytes)
{
    const std::string_view text = textOf(bytes);
    const drivers::IpmiFailure failure = drivers::classify(text);
    require(std::ranges::all_of(failure.message, [](char c) { return c >= 0x20 && c < 0x7f; }));
    refusesInWords([&] { drivers::parseChassisPower(text); });
    refusesInWords([&] { drivers::parseMcInfo(text); });
    refusesInWords([&] { drivers::parseBootFlags(text); });
}

} // namespace bm::fuzz
