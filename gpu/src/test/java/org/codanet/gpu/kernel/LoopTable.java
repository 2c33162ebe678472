package org.codanet.gpu.kernel;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The table of docs/performance.md about the inner loops of the tensor-core kernels. It shows their instructions, the number of blocks
 * that fit on one multiprocessor, and the resulting bounds on the operations per clock and multiprocessor.
 */
final class LoopTable {
    static final String TITLE =
            "| kernel | operands, rank | matrix instructions | FFMA and FMUL | shared reads | global reads | all"
                    + " | around it | registers | shared memory, KiB | blocks an SM | operations a clock by issue | by shared memory |";
    private static final String RULE = "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|";

    private static final Pattern DEFINES = Pattern.compile(".*:K_STEPS=(\\d+).*:BF16=([01]).*");
    private static final int THREADS = 128;
    private static final int REGISTERS = 65_536;
    /** Registers of a thread are allocated in multiples of this number. */
    private static final int UNIT = 8;
    /** Bytes of shared memory of a multiprocessor of compute capability 9.0. The system uses 1 KiB of it for each block. */
    private static final int SHARED = 228 * 1024;

    private static final int SCHEDULERS = 4;
    private static final int SHARED_BYTES_A_CLOCK = 128;

    private LoopTable() {}

    /** A kernel for one operand type and for ranks up to {@code rank}. */
    private record Row(CompileEveryKernel.Line line, boolean bfloat, int rank) {
        static Stream<Row> of(CompileEveryKernel.Line line) {
            Matcher defines = DEFINES.matcher(line.file());
            if (line.loop() == null || !defines.matches()) {
                return Stream.empty();
            }
            boolean bfloat = defines.group(2).equals("1");
            return Stream.of(new Row(line, bfloat, Integer.parseInt(defines.group(1)) * (bfloat ? 16 : 8)));
        }

        /**
         * Number of multiplications and additions in the loop. An instruction computes 16 × 8 × 8 products for TF32 and 16 × 8 × 16 for
         * bfloat16.
         */
        long operations() {
            return (bfloat ? 4096L : 2048L) * line.loop().hmma();
        }

        int blocks() {
            int registers = (line.counts().registers() + UNIT - 1) / UNIT * UNIT * THREADS;
            return Math.min(REGISTERS / registers, SHARED / (line.counts().shared() + 1024));
        }

        String text() {
            MachineCode.Loop loop = line.loop();
            return String.format(
                    Locale.ROOT,
                    "| `%s` | %s, %d | %d | %d | %d | %d | %d | %d | %d | %.1f | %d | %,d | %s |",
                    line.kernel(),
                    bfloat ? "bfloat16" : "TF32",
                    rank,
                    loop.hmma(),
                    loop.multiplies(),
                    loop.sharedReads(),
                    loop.globalReads(),
                    loop.instructions(),
                    loop.around(),
                    line.counts().registers(),
                    line.counts().shared() / 1024.0,
                    blocks(),
                    SCHEDULERS * operations() / loop.instructions(),
                    loop.sharedBytes() == 0
                            ? "-"
                            : String.format(
                                    Locale.ROOT, "%,d", SHARED_BYTES_A_CLOCK * operations() / loop.sharedBytes()));
        }
    }

    /** The lines of the table, with its header first. The rows are rank 64 and the largest rank of each kernel and operand type. */
    static List<String> of(List<CompileEveryKernel.Line> lines) {
        List<Row> rows = lines.stream()
                .filter(line -> line.target().equals("sm_90"))
                .flatMap(Row::of)
                .toList();
        Stream<Row> shown = rows.stream()
                .filter(row -> row.rank == 64
                        || rows.stream()
                                .filter(other -> other.bfloat == row.bfloat
                                        && other.line.kernel().equals(row.line.kernel()))
                                .allMatch(other -> other.rank <= row.rank))
                .sorted(Comparator.comparing((Row row) -> row.line.kernel())
                        .thenComparing(Row::bfloat)
                        .thenComparing(Row::rank));
        return Stream.concat(Stream.of(TITLE, RULE), shown.map(Row::text)).toList();
    }
}
