#include "common/wire/agent/relay_json.h"

namespace bm::wire {
namespace {

void writeMember(JsonWriter& out, const RelayMember& member)
{
    out.beginObject();
    out.key("node").string(member.node);
    out.key("address").string(member.address);
    out.key("state").string(member.state);
    out.key("slow").boolean(member.slow);
    out.key("source").string(member.source);
    out.key("bytes_from").beginObject();
    for (const auto& [source, bytes] : member.bytesFrom)
        out.key(source).number(static_cast<std::int64_t>(bytes));
    out.endObject();
    out.key("bytes_served").number(static_cast<std::int64_t>(member.bytesServed));
    out.key("bytes_per_second").number(static_cast<std::int64_t>(member.bytesPerSecond));
    out.key("children").number(std::int64_t{member.children});
    out.endObject();
}

} // namespace

void writeRelay(JsonWriter& out, const std::string& contentId, const std::vector<RelayChain>& chains)
{
    std::uint64_t serverBytes = 0;
    for (const RelayChain& chain : chains)
        for (const RelayMember& member : chain)
            if (const auto found = member.bytesFrom.find("server"); found != member.bytesFrom.end())
                serverBytes += found->second;
    out.beginObject();
    out.key("content_id").string(contentId);
    out.key("server_bytes").number(static_cast<std::int64_t>(serverBytes));
    out.key("chains").beginArray();
    for (const RelayChain& chain : chains) {
        out.beginObject().key("nodes").beginArray();
        for (const RelayMember& member : chain)
            writeMember(out, member);
        out.endArray().endObject();
    }
    out.endArray().endObject();
}

} // namespace bm::wire
