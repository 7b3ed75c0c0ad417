// A department's receiver of webhooks in Java (>= 17): verifies, keeps each event once, only then says so. Run behind TLS, the secret in GRIDWHISTLE_WEBHOOK_SECRET: java Receive.java PORT FILE
import com.sun.net.httpserver.HttpServer;
import java.io.RandomAccessFile;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.*;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class Receive {
    public static void main(String[] args) throws Exception {
        byte[] key = Base64.getDecoder().decode(System.getenv("GRIDWHISTLE_WEBHOOK_SECRET").replace("whsec_", ""));
        var file = new RandomAccessFile(args[1], "rwd"); // a line for each event: its id, its body; written through to the disk
        byte[] whole = new byte[(int) file.length()];
        file.readFully(whole);
        String lines = new String(whole, StandardCharsets.ISO_8859_1);
        int end = lines.lastIndexOf('\n') + 1; // a line that a crash tore was not answered, and comes again
        file.setLength(end);
        file.seek(end);
        Set<String> seen = new HashSet<>();
        lines.substring(0, end).lines().forEach(line -> seen.add(line.split(" ", 2)[0]));
        var server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])), 0);
        server.createContext("/", exchange -> {
            try {
                var head = exchange.getRequestHeaders();
                String name = head.getFirst("webhook-id"), sent = head.getFirst("webhook-timestamp");
                byte[] body = exchange.getRequestBody().readNBytes(1 << 20);
                var mac = Mac.getInstance("HmacSHA256");
                mac.init(new SecretKeySpec(key, "HmacSHA256"));
                mac.update((name + "." + sent + ".").getBytes(StandardCharsets.UTF_8));
                byte[] good = ("v1," + Base64.getEncoder().encodeToString(mac.doFinal(body))).getBytes();
                boolean ours = Arrays.stream(head.getFirst("webhook-signature").split(" ")).anyMatch(one -> MessageDigest.isEqual(good, one.getBytes()));
                // an old one may be sent once more by somebody else
                ours &= Math.abs(System.currentTimeMillis() / 1000 - Long.parseLong(sent)) <= 300;
                if (ours && !seen.contains(name)) { // this server's one thread takes them one by one
                    byte[] line = Arrays.copyOf((name + " ").getBytes(), name.length() + 1 + body.length + 1);
                    System.arraycopy(body, 0, line, name.length() + 1, body.length);
                    line[line.length - 1] = '\n';
                    file.write(line);
                    seen.add(name);
                }
                exchange.sendResponseHeaders(ours ? 204 : 401, -1);
            } catch (GeneralSecurityException | NullPointerException | NumberFormatException wrong) {
                exchange.sendResponseHeaders(400, -1);
            } finally {
                exchange.close();
            }
        });
        server.start();
    }
}
