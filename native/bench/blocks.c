/**
 * @file blocks.c
 * @brief A plugin for QEMU's user mode: how often each block of instructions ran. Exact for one thread.
 *
 * Declares what it uses of plugin API version 1 (QEMU 6.1 to 8.2), whose header Debian does not ship. Writes one line per block to the
 * file of its argument: "address<TAB>instructions<TAB>executions<TAB>function". Usage: cc -shared -fPIC blocks.c -o blocks.so;
 * qemu-aarch64 -plugin ./blocks.so,out=FILE PROGRAM
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { ADD_U64 = 0 };
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, void (*translated)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_atexit_cb(plugin_id id, void (*ended)(plugin_id, void *), void *context);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *block, int operation, void *counter, uint64_t amount);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t i);
const char *qemu_plugin_insn_symbol(const struct qemu_plugin_insn *instruction);

#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 1;

/* Blocks may start in the middle of others, and one may be translated again: its counter stays. */
typedef struct block {
    uint64_t address, instructions, executions;
    char function[64];
    struct block *next;
} block;

static block *blocks;
static char path[4096];

static void translated(plugin_id id, struct qemu_plugin_tb *from) {
    (void)id;
    uint64_t address = qemu_plugin_tb_vaddr(from), instructions = qemu_plugin_tb_n_insns(from);
    block *b = blocks;
    while (b != NULL && (b->address != address || b->instructions != instructions)) b = b->next;
    if (b == NULL) {
        b = calloc(1, sizeof *b);
        if (b == NULL) abort();
        const char *function = qemu_plugin_insn_symbol(qemu_plugin_tb_get_insn(from, 0));
        snprintf(b->function, sizeof b->function, "%s", function != NULL ? function : "");
        b->address = address, b->instructions = instructions, b->next = blocks;
        blocks = b;
    }
    qemu_plugin_register_vcpu_tb_exec_inline(from, ADD_U64, &b->executions, 1);
}

static void ended(plugin_id id, void *context) {
    (void)id, (void)context;
    FILE *file = fopen(path, "w");
    if (file == NULL) abort();
    for (const block *b = blocks; b != NULL; b = b->next)
        fprintf(file, "%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%s\n", b->address, b->instructions, b->executions, b->function);
    if (fclose(file) != 0) abort();
}

EXPORT int qemu_plugin_install(plugin_id id, const void *info, int count, char **arguments) {
    (void)info;
    if (count != 1 || strncmp(arguments[0], "out=", 4) != 0) return 1;
    snprintf(path, sizeof path, "%s", arguments[0] + 4);
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, ended, NULL);
    return 0;
}
