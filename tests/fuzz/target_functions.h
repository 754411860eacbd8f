#pragma once
#include "common/model/error.h"

#include <cstddef>
#include <cstdlib>
#include <span>
#include <string_view>

/// The targets' functions, and their common helpers. A row in targets.cpp gives each its name.
namespace bm::fuzz {

using Bytes = std::span<const std::byte>;

/// Ends the process, so that the fuzzer keeps the input.
inline void require(bool holds)
{
    if (!holds)
        std::abort();
}

inline std::string_view textOf(Bytes bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Runs @p parse, which may refuse by a model::Error that has a message; any other exception is a finding.
template <class Parse> void refusesInWords(const Parse& parse)
{
    try {
        parse();
    } catch (const model::Error& refused) {
        require(!refused.message().empty());
    }
}

// image_targets.cpp
void blockRecord(Bytes bytes);
void gzip(Bytes bytes);
void imageTexts(Bytes bytes);
void layers(Bytes bytes);
void manifest(Bytes bytes);
void qcow2(Bytes bytes);
void ramdisk(Bytes bytes);
void tree(Bytes bytes);
void vhd(Bytes bytes);
void vhdx(Bytes bytes);
void vmdk(Bytes bytes);
// agent_targets.cpp
void agentAnswer(Bytes bytes);
void bootEntries(Bytes bytes);
void diskTools(Bytes bytes);
void dmi(Bytes bytes);
void bootCsv(Bytes bytes);
void configDrive(Bytes bytes);
void fstab(Bytes bytes);
void gpt(Bytes bytes);
void kernelChoice(Bytes bytes);
void lldp(Bytes bytes);
void relayWire(Bytes bytes);
void sharedDisk(Bytes bytes);
void vpd(Bytes bytes);
// server_targets.cpp
void agentExchange(Bytes bytes);
void bootLog(Bytes bytes);
void cron(Bytes bytes);
void dhcpOffer(Bytes bytes);
void hints(Bytes bytes);
void hostAddress(Bytes bytes);
void httpHead(Bytes bytes);
void httpRequest(Bytes bytes);
void httpChunks(Bytes bytes);
void inventory(Bytes bytes);
void ipmiTexts(Bytes bytes);
void jsonPatch(Bytes bytes);
void layoutFile(Bytes bytes);
void proxyHeader(Bytes bytes);
void requestBody(Bytes bytes);
void selector(Bytes bytes);

} // namespace bm::fuzz
