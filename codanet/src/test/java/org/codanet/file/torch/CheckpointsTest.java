package org.codanet.file.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.codanet.file.FileFormatException;
import org.codanet.file.TensorData;
import org.codanet.file.safetensors.SafetensorsFile;
import org.codanet.file.weights.WeightsFile;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Checkpoints as training programs write them, with the weights under other names and next to other values. PyTorch wrote the files;
 * bench/peers/make_checkpoints.py regenerates them. Each file holds the tensors of expected.safetensors.
 */
class CheckpointsTest {
    @Nested
    class OtherPythonObjectsBesideTheWeights {
        @ParameterizedTest
        @ValueSource(
                strings = {
                    "everything_protocol2.pth",
                    "everything_protocol3.pth",
                    "everything_protocol4.pth",
                    "everything_protocol5.pth",
                    "everything_legacy.pth"
                })
        void areSkipped(String file) throws IOException {
            assertEquals(expected(), TorchFile.read(checkpoint(file)).tensors());
        }

        @Test
        void areSkippedInTheSameDictionaryToo() throws IOException {
            assertEquals(expected(), TorchFile.read(checkpoint("flat.pth")).tensors());
            assertEquals("3", TorchFile.read(checkpoint("flat.pth")).metadata().get("epoch"));
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "attributes.pth",
                    "parameters_with_attributes.pth",
                    "tensor_subclass.pth",
                    "buffers.pth",
                    "subclass.pth",
                    "in_default_dict.pth"
                })
        void attributesAndSubclassesMakeNoDifference(String file) throws IOException {
            assertEquals(expected(), TorchFile.read(checkpoint(file)).tensors());
        }
    }

    @Nested
    class TheDictionaryOfWeights {
        @ParameterizedTest
        @ValueSource(
                strings = {
                    "under_model.pth",
                    "under_net.pth",
                    "under_ema.pth",
                    "under_model_state.pth",
                    "under_network.pth",
                    "under_weights.pth",
                    "under_two.pth",
                    "in_namespace.pth"
                })
        void isFoundUnderAnyName(String file) throws IOException {
            assertEquals(expected(), TorchFile.read(checkpoint(file)).tensors());
        }

        @Test
        void mustBeNamedIfThereAreSeveral() throws IOException {
            Path file = checkpoint("model_and_ema.pth");
            assertEquals(
                    file + ": holds weights under several names: model, ema.module;"
                            + " choose one with `codanet convert --key NAME`",
                    refusal(file));
            for (String key : new String[] {"model", "ema.module"}) {
                assertEquals(expected(), TorchFile.read(file, Optional.of(key)).tensors(), key);
            }
        }

        @Test
        void isNotLookedForBesideTheNameGiven() {
            Path file = checkpoint("model_and_ema.pth");
            assertEquals(
                    file + ": holds no tensors under the key teacher; the keys that do are model, ema.module",
                    assertThrows(FileFormatException.class, () -> TorchFile.read(file, Optional.of("teacher")))
                            .getMessage());
            assertTrue(assertThrows(
                            FileFormatException.class,
                            () -> WeightsFile.read(resource("expected.safetensors"), Optional.of("model")))
                    .getMessage()
                    .endsWith("is a safetensors file, which has no keys to choose from; leave --key out"));
        }
    }

    @Nested
    class Names {
        @ParameterizedTest
        @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6})
        void loseThePrefixesOfWrappers(int number) throws IOException {
            assertEquals(
                    expected(),
                    TorchFile.read(checkpoint("prefix" + number + ".pth")).tensors());
        }

        @ParameterizedTest
        @ValueSource(strings = {"averaged.pth", "extra_state.pth"})
        void ofCountersAreSkipped(String file) throws IOException {
            assertEquals(expected(), TorchFile.read(checkpoint(file)).tensors());
        }
    }

    @Test
    void aZipWithoutChecksumsIsRead() throws IOException {
        assertEquals(expected(), TorchFile.read(checkpoint("without_crc.pth")).tensors());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            whole_network.pth        | holds an object of make_torch_files.Net, not a dictionary of tensors; in Python, torch.save(model.state_dict(), file) writes a file that is read
            whole_network_legacy.pth | holds an object of make_torch_files.Net, not a dictionary of tensors; in Python, torch.save(model.state_dict(), file) writes a file that is read
            torchscript.pth          | is a TorchScript archive, not a checkpoint; in Python, torch.save(torch.jit.load(file).state_dict(), other_file) writes its weights
            only_numbers.pth         | holds no weights: epoch is an integer, names is a list, when is an object of datetime.date; in Python, torch.save(model.state_dict(), file) writes a file that is read
            one_tensor.pth           | holds a tensor, not a dictionary of tensors; in Python, torch.save(model.state_dict(), file) writes a file that is read
            complex_weight.pth       | entry 0.weight_mod.weighting_f.0.weight is a tensor of torch.ComplexFloatStorage; only dense tensors of real numbers are read, so convert it in Python before saving
            sparse_weight.pth        | entry 0.weight_mod.weighting_f.0.weight is an object of torch._utils._rebuild_sparse_tensor; only dense tensors of real numbers are read, so convert it in Python before saving
            """)
    void aFileWithoutWeightsIsRefusedWithTheCure(String name, String reason) {
        Path file = checkpoint(name);
        assertEquals(file + ": " + reason, refusal(file));
    }

    private static String refusal(Path file) {
        return assertThrows(FileFormatException.class, () -> TorchFile.read(file))
                .getMessage();
    }

    private static Map<String, TensorData> expected() throws IOException {
        return SafetensorsFile.read(resource("expected.safetensors")).tensors();
    }

    private static Path checkpoint(String name) {
        return resource("checkpoints/" + name);
    }

    private static Path resource(String name) {
        try {
            return Path.of(CheckpointsTest.class.getResource(name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
