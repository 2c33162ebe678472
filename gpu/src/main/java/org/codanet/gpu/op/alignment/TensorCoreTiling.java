package org.codanet.gpu.op.alignment;

import java.util.List;
import org.codanet.gpu.kernel.KernelSource;

/**
 * How the tensor-core kernels divide their work, for one rank and operand type. All numbers are passed to NVRTC as defines, so that a
 * kernel and its launch agree. {@code tensor_core.cuh} explains the terms step, group, tile and fragment.
 *
 * @param rank R
 * @param bf16 true for bfloat16 operands, false for TF32
 */
public record TensorCoreTiling(int rank, boolean bf16) {
    /** Threads of a block of every tensor-core kernel. */
    static final int THREADS = 128;

    /** Warps of a block. */
    static final int WARPS = THREADS / KernelSource.WARP_SIZE;
    /** Positions of one mma instruction. */
    static final int MMA_POSITIONS = 16;
    /** Positions of a block in which each warp has one tile. */
    static final int BLOCK_POSITIONS = WARPS * MMA_POSITIONS;
    /** Units of one mma instruction. */
    private static final int MMA_UNITS = 8;
    /** 32-bit words along the rank of one mma instruction. A word is one TF32 value or a pair of bfloat16 values. */
    private static final int MMA_WORDS = 8;
    /** Units of a tile of weights. */
    static final int UNIT_TILE = 32;
    /** Units of a slice, which is half a tile. A block of the gradient by weights has one slice of several patch entries. */
    static final int SLICE = UNIT_TILE / 2;
    /** Largest number of targets to which a block of the back-projection applies its weights. */
    static final int TARGETS = 10;

    /** With more steps, the factors of a warp would not fit in registers, or two stages would not fit in the 48 KiB of shared memory. */
    private static final int MAX_FORWARD_STEPS = 16;
    /** With more steps, the factors of a warp and their gradients would not fit in registers, nor would the weights and their gradients. */
    private static final int MAX_GRADIENT_STEPS = 12;
    /** With more steps, two tiles of a warp would not fit in registers, so a warp has one. */
    private static final int TWO_TILE_STEPS = 8;

    /** 32-bit words that one lane holds of the right operands of two steps. */
    private static final int PAIR_WORDS_A_LANE = 4;

    /** Largest rank that the tensor-core forward pass supports. */
    public static int maxForwardRank(boolean bf16) {
        return MAX_FORWARD_STEPS * depth(bf16);
    }

    /** Largest rank that the tensor-core gradient supports. */
    public static int maxGradientRank(boolean bf16) {
        return MAX_GRADIENT_STEPS * depth(bf16);
    }

    private static int depth(boolean bf16) {
        return bf16 ? 2 * MMA_WORDS : MMA_WORDS;
    }

    /** Steps along the rank, an even number because fragments of two steps are read at once. */
    int kSteps() {
        return 2 * Math.ceilDiv(rank, 2 * depth(bf16));
    }

    /** Whether the forward pass and back-projection support this rank. */
    boolean supportsForward() {
        return kSteps() <= MAX_FORWARD_STEPS;
    }

    /** Whether the gradient supports this rank. */
    boolean supportsGradient() {
        return kSteps() <= MAX_GRADIENT_STEPS;
    }

    /** Words of the packed factors of a position. */
    int rankWords() {
        return kSteps() * MMA_WORDS;
    }

    /** Words of a tile: the fragments of one patch entry and {@link #UNIT_TILE} units, then their biases. */
    int tileWords() {
        return kSteps() / 2 * (UNIT_TILE / MMA_UNITS) * pairWords() + UNIT_TILE;
    }

    /** Words of the transposed fragments of one patch entry and {@link #SLICE} units. */
    int sliceWords() {
        return kSteps() * pairWords();
    }

    private static int pairWords() {
        return PAIR_WORDS_A_LANE * KernelSource.WARP_SIZE;
    }

    /**
     * Tiles of {@link #MMA_POSITIONS} positions for each warp of the forward pass, if there are enough positions for all
     * multiprocessors.
     */
    int forwardTiles() {
        return kSteps() > TWO_TILE_STEPS ? 1 : 2;
    }

    /**
     * Tiles for each warp of the gradient. A tile has {@link #MMA_POSITIONS} positions, or {@link #SLICE} units of one patch entry. Each
     * tile keeps an operand and its gradient in registers. The gradient is float32, so with bfloat16 operands it needs twice as many
     * registers as the operand.
     */
    int gradientTiles() {
        int registersOfOperand = 1;
        int registersOfSum = bf16 ? 2 : 1;
        return kSteps() * (registersOfOperand + registersOfSum) <= 2 * TWO_TILE_STEPS ? 2 : 1;
    }

    /** Depth of the pipeline that copies weights to shared memory. Two or three stages fit. */
    private int stages() {
        return kSteps() > 4 ? 2 : 3;
    }

    /** Patch entries of a stage. A stage has several if they are small, so that there is enough work between two barriers. */
    int stageEntries() {
        return kSteps() > TWO_TILE_STEPS ? 1 : kSteps() > 2 ? 2 : 4;
    }

    /** Positions of a stage of the gradient by weights. Two stages fit in shared memory. */
    private int stagePositions() {
        return bf16 && kSteps() > TWO_TILE_STEPS ? 16 : 32;
    }

    /** Number of patch entries whose weights a warp of the back-projection computes at once. */
    int backProjectionEntries() {
        return kSteps() > TWO_TILE_STEPS ? 2 : 4;
    }

    KernelSource weightsSource() {
        return source("tensor_core_weights.cu").define("SLICE", SLICE).define("SLICE_WORDS", sliceWords());
    }

    KernelSource forwardSource() {
        return source("tensor_core_forward.cu")
                .define("TILES", forwardTiles())
                .define("STAGES", stages())
                .define("ENTRIES", stageEntries());
    }

    KernelSource backProjectionSource() {
        return source("tensor_core_back_projection.cu")
                .define("TARGETS", TARGETS)
                .define("ENTRIES", backProjectionEntries());
    }

    /** The source of the gradient. */
    public KernelSource gradientSource() {
        return source("tensor_core_gradient.cu")
                .define("SLICE", SLICE)
                .define("SLICE_WORDS", sliceWords())
                .define("TILES", gradientTiles())
                .define("STAGES", stages())
                .define("ENTRIES", stageEntries())
                .define("STAGE_POSITIONS", stagePositions());
    }

    private KernelSource source(String file) {
        return AlignmentKernels.source(file)
                .define("K_STEPS", kSteps())
                .define("BF16", bf16)
                .define("THREADS", THREADS)
                .define("UNIT_TILE", UNIT_TILE)
                .define("TILE_WORDS", tileWords());
    }

    /** The sources of all passes but the gradient. */
    public List<KernelSource> forwardSources() {
        return List.of(weightsSource(), forwardSource(), backProjectionSource());
    }
}
