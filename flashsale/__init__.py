"""Flash sales (秒杀) and group buying (拼团)."""
