#include "bmd/db_command.h"

#include "bmd/backup/backup.h"
#include "bmd/backup/check.h"
#include "common/model/error.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <iostream>

namespace bm::bmd {
namespace {

constexpr std::chrono::seconds kProgressEvery{1};

constexpr const char* kDbFooter = R"(Examples:
  sudo -u bm bmd db backup /var/backups/bm/bm-$(date +%F).tar     bmd may run
  sudo -u bm bmd db check /var/backups/bm/bm-2026-11-29.tar       check a backup
  sudo -u bm bmd db restore bm-2026-11-29.tar                     on an empty server, bmd stopped
  sudo -u bm bmd db check --hash                                  this server's database and images
A backup does not contain the key files. Keep state_dir/secrets, tls, users and tokens apart from it.)";

/// Prints progress to stderr at most once a second, so short work prints nothing.
BackupProgress printProgress()
{
    return [next = std::chrono::steady_clock::now() +
                   kProgressEvery](std::string_view what, std::uint64_t done, std::uint64_t total) mutable {
        const auto now = std::chrono::steady_clock::now();
        if (now < next || total == 0)
            return;
        next = now + kProgressEvery;
        std::cerr << fmt::format("{}: {} %\n", what, done * 100 / total);
    };
}

std::string plural(std::size_t count, std::string_view one)
{
    return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

void warnOfMissing(const std::vector<std::string>& images, const Config& config)
{
    if (!images.empty())
        std::cerr << fmt::format("warning: the blocks of {} are missing in {}: {}\n",
                                 plural(images.size(), "image"), config.images.folder.string(),
                                 fmt::join(images, ", "));
}

int backup(const Config& config, const DbOptions& options)
{
    const BackupResult made =
        writeBackup(placesOf(config), options.file, options.withImages, printProgress());
    const BackupManifest& manifest = made.manifest;
    const std::string secrets = config.paths.secretKeyFile.parent_path().string();
    const std::string state = config.paths.stateFolder.string();
    std::cout << fmt::format("{}: {}, {}{}, schema {}\n", options.file,
                             plural(static_cast<std::size_t>(manifest.nodes), "node"),
                             plural(manifest.images.size(), "image"),
                             manifest.withImages ? " with their blocks" : " (rows only)", manifest.schema)
              << fmt::format("not in the backup, keep these apart from it:\n"
                             "  {}  opens its secrets (fingerprint {})\n"
                             "  {}/signing.key  signs deployment reports\n"
                             "  {}/tls, {}/users, {}/tokens  certificates and accounts\n",
                             config.paths.secretKeyFile.string(), manifest.keyFingerprint, secrets, state,
                             state, state);
    if (!manifest.withImages && !manifest.images.empty())
        std::cout << fmt::format("  {}  the blocks of the images (or back up --with-images)\n",
                                 config.images.folder.string());
    warnOfMissing(made.missingImages, config);
    return 0;
}

int restore(const Config& config, const DbOptions& options)
{
    const RestoreResult done =
        restoreBackup(placesOf(config), options.file, {options.withoutKey}, printProgress());
    std::cout
        << fmt::format("{}: {}, {} restored from {}\n", config.database.file.string(),
                       plural(static_cast<std::size_t>(done.manifest.nodes), "node"),
                       plural(done.manifest.images.size(), "image"), done.manifest.createdAt)
        << "before you start bmd here, make sure that the old one does not run: both would control the same "
           "machines\n";
    if (done.lostSecrets > 0)
        std::cerr << fmt::format(
            "warning: this server's key does not open {} of {}; enter the BMC passwords again\n",
            done.lostSecrets, plural(done.secrets, "secret"));
    warnOfMissing(done.missingImages, config);
    return 0;
}

int check(const Config& config, const DbOptions& options)
{
    const BackupPlaces places = placesOf(config);
    const std::vector<CheckLine> lines =
        options.file.empty() ? checkDatabase(places, options.hash, printProgress())
                             : checkBackup(places, options.file, options.hash, printProgress());
    bool good = true;
    for (const CheckLine& line : lines) {
        std::cout << (line.good ? "good  " : "BAD   ") << line.text << "\n";
        if (!line.hint.empty())
            std::cout << "      hint: " << line.hint << "\n";
        good = good && line.good;
    }
    return good ? 0 : 1;
}

} // namespace

BackupPlaces placesOf(const Config& config)
{
    return {config.paths.stateFolder, config.paths.secretKeyFile, config.database, config.images};
}

void addDbCommand(CLI::App& app, DbOptions& options)
{
    options.command = app.add_subcommand("db", "back up, restore or check the database and the images");
    options.command->require_subcommand(1)->fallthrough()->footer(kDbFooter);
    CLI::App* backup = options.command->add_subcommand(
        "backup", "write a snapshot of the database to a new file; bmd may run");
    backup->add_option("FILE", options.file, "the backup: a tar archive, readable by its owner only")
        ->required();
    backup->add_flag("--with-images", options.withImages, "add the blocks of all images");
    backup->fallthrough()->footer("Example:\n  sudo -u bm bmd db backup /var/backups/bm/bm-$(date +%F).tar");
    CLI::App* restore = options.command->add_subcommand(
        "restore", "restore a backup into a state_dir without a database; bmd must be stopped");
    restore->add_option("FILE", options.file, "a file from bmd db backup")->required();
    restore->add_flag("--without-key", options.withoutKey, "restore without the key; the secrets are lost");
    restore->fallthrough()->footer("Example:\n  sudo -u bm bmd db restore bm-2026-11-29.tar");
    CLI::App* check =
        options.command->add_subcommand("check", "check pages, references, secrets and images; bmd may run");
    check->add_option("FILE", options.file, "a backup (default: this server's database)");
    check->add_flag("--hash", options.hash, "read and verify every block of every image");
    check->fallthrough()->footer("Examples:\n  sudo -u bm bmd db check --hash\n"
                                 "  sudo -u bm bmd db check bm-2026-11-29.tar");
}

int runDb(const Config& config, const DbOptions& options)
{
    if (options.command->got_subcommand("backup"))
        return backup(config, options);
    if (options.command->got_subcommand("restore"))
        return restore(config, options);
    return check(config, options);
}

} // namespace bm::bmd
