package org.codanet.gpu.kernel;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The inner loops of the matrix kernels as docs/performance.md states them: what is in them, how many blocks a multiprocessor holds,
 * and how many operations a clock and multiprocessor that lets through.
 */
final class LoopTable {
    static final String TITLE =
            "| kernel | operands, rank | matrix instructions | FFMA and FMUL | shared reads | global reads | all"
                    + " | around it | registers | shared memory, KiB | blocks an SM | operations a clock by issue | by shared memory |";
    private static final String RULE = "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|";

    private static final Pattern DEFINES = Pattern.compile(".*:STEPS=(\\d+).*:BFLOAT=([01]).*");
    private static final int THREADS = 128;
    private static final int REGISTERS = 65_536;
    /** Registers of a thread come in eights. */
    private static final int UNIT = 8;
    /** Of 9.0, in all; the system takes 1 KiB a block of it. */
    private static final int SHARED = 228 * 1024;

    private static final int SCHEDULERS = 4;
    private static final int SHARED_BYTES_A_CLOCK = 128;

    private LoopTable() {}

    /** A kernel for operands of one kind and up to a rank. */
    private record Row(CompileEveryKernel.Line line, boolean bfloat, int rank) {
        static Stream<Row> of(CompileEveryKernel.Line line) {
            Matcher defines = DEFINES.matcher(line.file());
            if (line.loop() == null || !defines.matches()) {
                return Stream.empty();
            }
            boolean bfloat = defines.group(2).equals("1");
            return Stream.of(new Row(line, bfloat, Integer.parseInt(defines.group(1)) * (bfloat ? 16 : 8)));
        }

        /** Multiplications and additions of the loop: 16 × 8 × 8 products an instruction of TF32, 16 × 8 × 16 of bfloat16. */
        long operations() {
            return (bfloat ? 4096L : 2048L) * line.loop().hmma();
        }

        int blocks() {
            int registers = (line.registers() + UNIT - 1) / UNIT * UNIT * THREADS;
            return Math.min(REGISTERS / registers, SHARED / (line.shared() + 1024));
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
                    line.registers(),
                    line.shared() / 1024.0,
                    blocks(),
                    SCHEDULERS * operations() / loop.instructions(),
                    loop.sharedBytes() == 0
                            ? "-"
                            : String.format(
                                    Locale.ROOT, "%,d", SHARED_BYTES_A_CLOCK * operations() / loop.sharedBytes()));
        }
    }

    /** The table's lines, title first; of each kernel and kind of operands rank 64 and the largest. */
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
